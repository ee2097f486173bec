import { Eta } from 'eta';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { fileURLToPath } from 'node:url';
import { contentSecurityPolicy } from './security-headers.js';

/** Templates stand beside the module they belong to and escape by default. */
const eta = new Eta({ views: fileURLToPath(new URL('..', import.meta.url)), cache: true, autoTrim: false });

/** What the layout of every page knows besides the page's own data. */
export interface PageContext {
  /** The address of the seller who is signed in. */
  signedInAs?: string;
  /** Every form sends it in a hidden field `_csrf`. Absent on error pages for browsers that we do not know. */
  csrfToken?: string;
  emailUnverified?: boolean;
  /** Where forms of any page may lead besides here, as CSP sources: signing in and out by an identity provider. */
  formsLeadTo?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    page?: PageContext;
  }
}

/**
 * Sends the page of `template` (a path below `src`, without ending).
 * `leavesForAmazon` is for pages with a form whose answer is a redirect to Amazon: browsers apply `form-action` to the
 * whole chain of redirects, and Amazon's own sign-in hops over hosts that nobody lists, so any https host is allowed.
 */
export async function showPage(
  request: FastifyRequest,
  reply: FastifyReply,
  template: string,
  data: Record<string, unknown> = {},
  { leavesForAmazon = false, consentOrigin = '' } = {},
): Promise<void> {
  const leavesFor = leavesForAmazon ? `https: ${consentOrigin}` : '';
  const formAction = ["'self'", leavesFor.trim(), request.page?.formsLeadTo].filter(Boolean).join(' ');
  if (formAction !== "'self'")
    void reply.header('content-security-policy', contentSecurityPolicy({ 'form-action': formAction }));
  const html = eta.render(template, { ...request.page, requestId: request.id, ...data });
  await reply.type('text/html; charset=utf-8').send(html);
}

/** Renders a text that is no page, such as a mail. */
export function renderTemplate(template: string, data: Record<string, unknown>): string {
  return eta.render(template, data);
}

/** 303: the browser continues with GET. Only for addresses that we built ourselves. */
export async function seeOther(reply: FastifyReply, url: string): Promise<void> {
  await reply.redirect(url, 303);
}
