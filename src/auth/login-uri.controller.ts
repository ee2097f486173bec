import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page } from '../common/access.js';
import { seeOther, showPage } from '../common/pages.js';
import { type Marketplace } from '../lwa/marketplaces.js';
import { loginPath } from '../sellers/local-path.js';
import { AppstoreService, type AppstoreVisit } from './appstore.service.js';

/** The OAuth log-in URI: where Amazon sends a seller who authorizes in the Appstore, or re-authorizes anywhere. */
@ApiExcludeController()
@Page()
@Controller('sp-api/login')
export class LoginUriController {
  constructor(private readonly appstore: AppstoreService) {}

  @Get()
  async ask(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const visit = await this.appstore.understand(request.url);
    if (!request.seller) return seeOther(reply, loginPath(request.url));
    this.appstore.assertOwn(visit, request.seller.id);
    return show(request, reply, visit);
  }

  @Post()
  async go(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: { marketplaceId?: unknown },
  ): Promise<void> {
    const visit = await this.appstore.understand(request.url);
    if (!request.seller) return seeOther(reply, loginPath(request.url));
    const marketplace = chosen(visit, body.marketplaceId);
    if (!marketplace) return show(request, reply, visit, 'Choose the marketplace you sell in.');
    const bearer = { browserHash: request.browserHash, sellerId: request.seller.id };
    return seeOther(reply, await this.appstore.begin(bearer, visit, marketplace));
  }
}

function chosen({ marketplaces }: AppstoreVisit, id: unknown): Marketplace | undefined {
  return marketplaces.length === 1 ? marketplaces[0] : marketplaces.find((row) => row.id === id);
}

/** Everything that Amazon sent stays in the form's address, so that a reload or a second tab loses nothing. */
async function show(
  request: FastifyRequest,
  reply: FastifyReply,
  visit: AppstoreVisit,
  problem?: string,
): Promise<void> {
  if (problem) void reply.status(400);
  const data = {
    here: request.url,
    application: visit.application.name,
    sellingPartnerId: visit.request.sellingPartnerId,
    renewal: visit.known.length > 0,
    marketplaces: visit.marketplaces,
    problem,
  };
  await showPage(request, reply, 'auth/views/login-uri', data, {
    leavesForAmazon: true,
    consentOrigin: visit.callback.url?.origin ?? '',
  });
}
