import { Injectable } from '@nestjs/common';
import { type FastifyRequest } from 'fastify';
import { type PageContext } from '../common/pages.js';
import { RegrantConfig } from '../config/config.js';
import { readCookie } from './cookies.js';
import { csrfToken } from './csrf.js';
import { SessionsService } from './sessions.service.js';
import { type SignedInSeller } from './signed-in.js';

/** What every page shows of whoever looks at it: that seller, or nobody, in the browser with that cookie. */
export function pageContext(
  browser: string,
  seller: SignedInSeller | undefined,
  { signIn: { oidc } }: RegrantConfig,
): PageContext {
  return {
    csrfToken: csrfToken(browser, seller?.session),
    signedInAs: seller?.email,
    emailUnverified: seller && !seller.emailVerified,
    ...(oidc && { formsLeadTo: leadsTo(oidc.issuer) }),
  };
}

/** Browsers apply `form-action` to all redirects, and a provider may send its visitors over hosts that nobody lists. */
const leadsTo = (issuer: string): string => (issuer.startsWith('https:') ? 'https:' : new URL(issuer).origin);

/** Tells who looks at a page that the guard never saw, because no route leads there. */
@Injectable()
export class Visitors {
  constructor(
    private readonly sessions: SessionsService,
    private readonly config: RegrantConfig,
  ) {}

  /** Undefined for a browser that we do not know. */
  async recognise(request: FastifyRequest): Promise<PageContext | undefined> {
    const browser = readCookie(request, 'browser', this.config.secure);
    return browser ? pageContext(browser, await this.sessions.find(request), this.config) : undefined;
  }
}
