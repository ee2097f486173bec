import { describe, expect, it } from '@jest/globals';
import { type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Open, Page, RequireScope, SellerPage } from '../common/access.js';
import { Forbidden } from '../common/errors.js';
import { parseConfig } from '../config/config.js';
import { SellerGuard } from './seller.guard.js';
import { type SessionsService } from './sessions.service.js';
import { type SignedInSeller } from './signed-in.js';

class Routes {
  undeclared(): void {}
  @Open() open(): void {}
  @RequireScope('admin:read') program(): void {}
  @Page() page(): void {}
  @SellerPage() seller(): void {}
}

const session: SignedInSeller = {
  ...{ id: '1', email: 'a@example.com', emailVerified: false },
  session: 'session',
};

/** Asks the guard about a request to that route, as somebody with or without a session. */
async function ask(
  route: keyof Routes,
  { method = 'GET', url = '/here', as }: { method?: string; url?: string; as?: SignedInSeller } = {},
) {
  const redirects: [string, number][] = [];
  const reply = {
    redirect: (to: string, status: number) => redirects.push([to, status]),
    setCookie: () => reply,
  };
  const request: { method: string; url: string; cookies: object; headers: object; seller?: unknown; page?: object } = {
    method, url, cookies: {}, headers: {},
  }; // prettier-ignore
  const context = {
    getHandler: () => Object.getOwnPropertyDescriptor(Routes.prototype, route)?.value as object,
    getClass: () => Routes,
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => reply }),
  } as unknown as ExecutionContext;
  const sessions = { find: () => Promise.resolve(as) } as unknown as SessionsService;
  const allowed = await new SellerGuard(new Reflector(), sessions, parseConfig({})).canActivate(context);
  return { allowed, redirects, request };
}

describe('SellerGuard', () => {
  it('refuses a route that does not say who may use it', async () => {
    await expect(ask('undeclared', { as: session })).rejects.toBeInstanceOf(Forbidden);
  });

  it.each(['open', 'program'] as const)('leaves the %s route to others', async (route) => {
    expect(await ask(route, { method: 'POST' })).toMatchObject({
      allowed: true,
      request: { method: 'POST' },
    });
  });

  it('shows a page to anybody and knows who is signed in', async () => {
    expect(await ask('page')).toMatchObject({ allowed: true, request: { seller: undefined } });
    const { request } = await ask('page', { as: session });
    expect(request.seller).toBe(session);
    expect(request.page).toMatchObject({ signedInAs: 'a@example.com', emailUnverified: true });
  });

  it('sends a stranger to sign in and come back', async () => {
    const { allowed, redirects } = await ask('seller', { url: '/connections?a=b' });
    expect(allowed).toBe(false);
    expect(redirects).toEqual([['/login?next=%2Fconnections%3Fa%3Db', 303]]);
  });

  it('does not send anybody back to an address that only takes forms', async () => {
    expect((await ask('seller', { method: 'POST' })).redirects).toEqual([['/login', 303]]);
  });

  it('lets a seller in, but no form without its token', async () => {
    expect((await ask('seller', { as: session })).allowed).toBe(true);
    await expect(ask('seller', { method: 'POST', as: session })).rejects.toMatchObject({
      title: 'This form has expired',
    });
  });
});
