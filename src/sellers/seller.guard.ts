import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { ACCESS, type Access } from '../common/access.js';
import { Forbidden, RegrantError } from '../common/errors.js';
import { seeOther } from '../common/pages.js';
import { randomToken, tokenHash } from '../common/random.js';
import { RegrantConfig } from '../config/config.js';
import { readCookie, writeCookie } from './cookies.js';
import { isCsrfToken } from './csrf.js';
import { localPath, loginPath } from './local-path.js';
import { SessionsService } from './sessions.service.js';
import { pageContext } from './visitors.js';

const SAFE_METHODS = new Set(['GET', 'HEAD']);

/**
 * Keeps the website's doors. Refuses every route that declares no access; for pages it finds out who is signed in,
 * sends strangers to sign in, and lets a form pass only with the token of this browser and session.
 */
@Injectable()
export class SellerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionsService,
    private readonly config: RegrantConfig,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (!access) throw new Forbidden('This address does not say who may use it, so nobody may.');
    if (access.kind !== 'page' && access.kind !== 'seller') return true;

    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const safe = SAFE_METHODS.has(request.method);
    const browser = this.recognise(request, reply, safe);
    const seller = await this.sessions.find(request);
    request.seller = seller;
    request.page = pageContext(browser, seller, this.config);
    if (access.kind === 'seller' && !seller) {
      await seeOther(reply, loginPath(safe ? request.url : undefined));
      return false;
    }
    if (!safe) assertOwnForm(request, browser, seller?.session);
    return true;
  }

  /**
   * The browser cookie's token, new on the first visit. A form never sets it: one sent from another site comes without
   * our cookies, and must not replace the one that pending authorizations are bound to.
   */
  private recognise(request: FastifyRequest, reply: FastifyReply, safe: boolean): string {
    const known = readCookie(request, 'browser', this.config.secure);
    const browser = known ?? randomToken();
    if (!known && safe) writeCookie(reply, 'browser', browser, this.config.secure);
    request.browserHash = tokenHash(browser);
    return browser;
  }
}

/** Refuses what was not sent by a form of ours; takes the token out of the body, so that no form class lists it. */
function assertOwnForm(request: FastifyRequest, browser: string, session: string | undefined): void {
  const site = request.headers['sec-fetch-site'];
  const foreign = site !== undefined && site !== 'same-origin' && site !== 'none';
  const body = typeof request.body === 'object' && request.body !== null ? request.body : {};
  const { _csrf: given, ...fields } = body as Record<string, unknown>;
  if (!foreign && isCsrfToken(given, browser, session)) {
    request.body = fields;
    return;
  }
  const reason = 'It was opened too long ago, or you have signed in or out since. Nothing was changed.';
  // Two tabs that both asked to sign in: what the second one was on the way to must not be lost.
  const next = localPath(fields['next']);
  throw new RegrantError('forbidden', 403, 'This form has expired', reason, {
    ...(next
      ? { advice: 'Continue where you were going.', action: { label: 'Continue', href: loginPath(next) } }
      : {
          advice: 'Go back, reload the page and try again.',
          action: { label: 'Go to the start page', href: '/' },
        }),
  });
}
