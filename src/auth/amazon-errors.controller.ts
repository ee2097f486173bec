import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page } from '../common/access.js';
import { showPage } from '../common/pages.js';
import { AMAZON_ERRORS } from './amazon-errors.js';

/** Help for somebody whom Amazon stopped: its pages show a code and no way back to us. */
@ApiExcludeController()
@Page()
@Controller('help/amazon-errors')
export class AmazonErrorsController {
  @Get()
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await showPage(request, reply, 'auth/views/amazon-errors', { errors: AMAZON_ERRORS });
  }
}
