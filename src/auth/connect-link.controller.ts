import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { ApplicationsService } from '../applications/applications.service.js';
import { Page } from '../common/access.js';
import { seeOther, showPage } from '../common/pages.js';
import { RegrantConfig } from '../config/config.js';
import { Marketplaces } from '../lwa/marketplaces.js';
import { ConnectLinksService } from './connect-links.service.js';
import { ConnectService } from './connect.service.js';

/** Where a connect link leads: the consent at Amazon without an account on our website. */
@ApiExcludeController()
@Page()
@Controller('connect')
export class ConnectLinkController {
  constructor(
    private readonly links: ConnectLinksService,
    private readonly connect: ConnectService,
    private readonly applications: ApplicationsService,
    private readonly marketplaces: Marketplaces,
    private readonly config: RegrantConfig,
  ) {}

  @Get('done')
  async done(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await showPage(request, reply, 'auth/views/connect-link-done');
  }

  /** Only asks: programs that open links of mails before people do must not use it up. */
  @Get(':token')
  async ask(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('token') token: string,
  ): Promise<void> {
    const link = await this.links.open(token);
    const data = {
      here: request.url,
      application: (await this.applications.byId(link.applicationId)).name,
      marketplace: this.marketplaces.byId(link.marketplaceId)?.name ?? link.marketplaceId,
      accountType: link.partnerType === 'vendor' ? 'Vendor' : 'Seller',
      hideNotice: true,
    };
    await showPage(request, reply, 'auth/views/connect-link', data, {
      leavesForAmazon: true,
      consentOrigin: this.config.amazonConsentOrigin ?? '',
    });
  }

  @Post(':token')
  async go(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('token') token: string,
  ): Promise<void> {
    const link = await this.links.open(token);
    await seeOther(reply, await this.connect.beginByLink(request.browserHash, link));
  }
}
