import '@fastify/cookie';
import { type FastifyReply, type FastifyRequest } from 'fastify';

type CookieName = 'session' | 'browser';

const MAX_AGE_SECONDS: Record<CookieName, number> = { session: 30 * 86_400, browser: 365 * 86_400 };
const TOKEN = /^[\w-]{43}$/;

/** Over https the `__Host-` prefix keeps other hosts of the domain from planting our cookies. */
const fullName = (name: CookieName, secure: boolean) => `${secure ? '__Host-' : ''}regrant_${name}`;
const attributes = (secure: boolean) => ({ path: '/', httpOnly: true, sameSite: 'lax', secure }) as const;

/** The cookie's token; undefined when it is absent or not one of ours. */
export function readCookie(request: FastifyRequest, name: CookieName, secure: boolean): string | undefined {
  const value = request.cookies[fullName(name, secure)];
  return value && TOKEN.test(value) ? value : undefined;
}

export function writeCookie(reply: FastifyReply, name: CookieName, token: string, secure: boolean): void {
  void reply.setCookie(fullName(name, secure), token, {
    ...attributes(secure),
    maxAge: MAX_AGE_SECONDS[name],
  });
}

export function clearCookie(reply: FastifyReply, name: CookieName, secure: boolean): void {
  void reply.clearCookie(fullName(name, secure), attributes(secure));
}
