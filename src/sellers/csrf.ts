import { createHmac } from 'node:crypto';
import { sameBytes } from '../common/random.js';

/**
 * The token that every form of a page carries: HMAC-SHA256 keyed by the browser cookie, over the session. Another site
 * knows neither, and the token of one session is worth nothing in the next.
 */
export function csrfToken(browser: string, session: string | undefined): string {
  return createHmac('sha256', browser)
    .update(`form:${session ?? 'signed out'}`)
    .digest('base64url');
}

/** Compares in constant time; anything that is not a string is no token. */
export function isCsrfToken(given: unknown, browser: string, session: string | undefined): boolean {
  return typeof given === 'string' && sameBytes(Buffer.from(given), Buffer.from(csrfToken(browser, session)));
}
