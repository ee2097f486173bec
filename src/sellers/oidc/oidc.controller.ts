import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Page, SellerPage } from '../../common/access.js';
import { Clock } from '../../common/clock.js';
import { seeOther } from '../../common/pages.js';
import { RegrantConfig } from '../../config/config.js';
import { AttemptLimiter, clientOf } from '../attempt-limiter.js';
import { HOME, localPath } from '../local-path.js';
import { SessionsService } from '../sessions.service.js';
import { CurrentSeller, type SignedInSeller } from '../signed-in.js';
import { OidcAccounts } from './oidc-accounts.service.js';
import { type Identity, OidcClient } from './oidc-client.js';
import { OidcFailure } from './oidc-failure.js';
import { type OidcSignIn } from './oidc-sign-in.entity.js';
import { OidcSignIns } from './oidc-sign-ins.service.js';

/** Signing in by the company's identity provider, and linking it to an account. */
@ApiExcludeController()
@Controller()
export class OidcController {
  private readonly departures = new AttemptLimiter(60, 600);

  constructor(
    private readonly client: OidcClient,
    private readonly signIns: OidcSignIns,
    private readonly accounts: OidcAccounts,
    private readonly sessions: SessionsService,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  @Page()
  @Get('login/oidc')
  async signIn(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('next') given: unknown,
  ): Promise<void> {
    const next = localPath(given) ?? null;
    if (request.seller) return seeOther(reply, next ?? HOME);
    return this.depart(request, reply, { next, linkSellerId: null });
  }

  /** The redirect URI. */
  @Page()
  @Get('login/oidc/callback')
  async callback(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Query('state') state: unknown,
  ): Promise<void> {
    if (typeof state !== 'string') throw new OidcFailure('unknown');
    const { settings } = this.client;
    const begun = await this.signIns.take(state, request.browserHash);
    try {
      const query = request.url.slice(request.url.indexOf('?') + 1);
      const identity = await this.client.arrive(query, { ...begun, state });
      if (identity.issuer !== settings.issuer) throw new OidcFailure('not_confirmed');
      return begun.linkSellerId
        ? await this.link(request, reply, begun.linkSellerId, identity)
        : await this.land(request, reply, begun, identity);
    } catch (error) {
      throw error instanceof OidcFailure ? error.onTheWayTo(begun.next) : error;
    }
  }

  @SellerPage()
  @Post('account/identity/link')
  async startLink(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentSeller() seller: SignedInSeller,
  ): Promise<void> {
    return this.depart(request, reply, { next: '/account', linkSellerId: seller.id });
  }

  @SellerPage()
  @Post('account/identity/unlink')
  async unlink(@Res() reply: FastifyReply, @CurrentSeller() seller: SignedInSeller): Promise<void> {
    await this.accounts.unlink(seller.id);
    return seeOther(reply, '/account?done=unlinked');
  }

  private async depart(
    request: FastifyRequest,
    reply: FastifyReply,
    purpose: Pick<OidcSignIn, 'next' | 'linkSellerId'>,
  ): Promise<void> {
    if (this.config.rateLimits) this.departures.count(clientOf(request.ip), this.clock.now());
    const departure = await this.client.depart();
    await this.signIns.begin(departure, { ...purpose, browserHash: request.browserHash });
    return seeOther(reply, departure.url);
  }

  private async land(
    request: FastifyRequest,
    reply: FastifyReply,
    { next }: OidcSignIn,
    identity: Identity,
  ): Promise<void> {
    const sellerId = await this.accounts.signIn(identity);
    await this.sessions.begin(sellerId, request, reply, identity.idToken);
    return seeOther(reply, next ?? HOME);
  }

  /** Only for who is still signed in as the one that started it. */
  private async link(
    request: FastifyRequest,
    reply: FastifyReply,
    sellerId: string,
    identity: Identity,
  ): Promise<void> {
    if (request.seller?.id !== sellerId) throw new OidcFailure('foreign');
    await this.accounts.link(sellerId, identity);
    return seeOther(reply, '/account?done=linked');
  }
}
