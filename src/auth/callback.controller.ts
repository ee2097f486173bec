import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page } from '../common/access.js';
import { seeOther } from '../common/pages.js';
import { readCallback } from './callback-parameters.js';
import { ConnectService } from './connect.service.js';

/** The OAuth redirect URI: where Amazon sends the seller's browser after the consent. */
@ApiExcludeController()
@Page()
@Controller('sp-api')
export class CallbackController {
  constructor(private readonly connect: ConnectService) {}

  @Get('auth')
  async callback(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query() query: Record<string, unknown>,
  ): Promise<void> {
    const bearer = { browserHash: request.browserHash, sellerId: request.seller?.id };
    await seeOther(reply, await this.connect.finish(readCallback(query), bearer));
  }
}
