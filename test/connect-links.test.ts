import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { BrowserClient } from './support/browser-client.js';
import { api, randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

const UNITED_STATES = 'ATVPDKIKX0DER';
const RETURN = 'https://shop.example.com/amazon/done?from=regrant';

describe('A connect link', () => {
  let simulator: Simulator;
  let app: TestApp;
  let sellerId: string;
  let browser: BrowserClient;
  let partner: string;

  beforeAll(async () => {
    simulator = await Simulator.start();
    app = await startTestApp(simulator.settings);
    const { body } = await api<{ items: { id: string }[] }>(app.url, 'GET', '/api/v1/applications');
    const change = { returnOrigins: ['https://shop.example.com'] };
    await api(app.url, 'PATCH', `/api/v1/applications/${body.items[0]?.id}`, { body: change });
  });
  afterAll(async () => {
    await app.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    const { email } = await signUp(app.url);
    const [row] = await app.database.query<{ id: string }>('SELECT id FROM sellers WHERE email = $1', [
      email,
    ]);
    sellerId = row?.id ?? '';
    browser = new BrowserClient(app.url);
    partner = randomPartner();
  });

  const make = (fields: Record<string, unknown> = {}) =>
    api<{ url: string; expiresAt: string; code: string; errors: { path: string }[] }>(
      app.url,
      'POST',
      `/api/v1/sellers/${sellerId}/connect-links`,
      { body: { marketplaceId: UNITED_STATES, ...fields } },
    );
  const link = async (fields: Record<string, unknown> = {}) => (await make(fields)).body.url;
  const leave = (url: string, who = browser) => who.submit(url, 'Continue to Amazon');
  const rows = () =>
    app.database.query('SELECT * FROM authorizations WHERE selling_partner_id = $1', [partner]);

  it('connects the account of its seller without signing in, and leads back with the outcome', async () => {
    const left = await leave(await link({ returnUrl: RETURN }));
    const done = await browser.get(await simulator.consent(left.location, partner));
    const [row] = await rows();
    expect(row).toMatchObject({ seller_id: sellerId, workflow: 'website' });
    expect(done.status).toBe(303);
    expect(done.location).toBe(`${RETURN}&outcome=connected&authorizationId=${row?.['id']}`);
  });

  it('ends on a page of ours when it was made without a return address', async () => {
    const left = await leave(await link());
    const done = await browser.get(await simulator.consent(left.location, partner));
    expect((await browser.get(done.location)).body).toContain('Your Amazon account is connected');
  });

  it('answers a callback that arrives again as it did the first one', async () => {
    const left = await leave(await link({ returnUrl: RETURN }));
    const callback = await simulator.consent(left.location, partner);
    const answers = [await browser.get(callback), await browser.get(callback)];
    expect(new Set(answers.map(({ location }) => location)).size).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  it('works once', async () => {
    const url = await link();
    await browser.get(await simulator.consent((await leave(url)).location, partner));
    const again = await new BrowserClient(app.url).get(url);
    expect(again.status).toBe(409);
    expect(again.body).toContain('used already');
  });

  it('connects one account even when two browsers went to Amazon with it', async () => {
    const url = await link();
    const other = new BrowserClient(app.url);
    const [mine, theirs] = [await leave(url), await leave(url, other)];
    expect((await browser.get(await simulator.consent(mine.location, partner))).status).toBe(303);
    const late = await other.get(await simulator.consent(theirs.location, randomPartner()));
    expect(late.status).toBe(409);
    expect(late.body).toContain('used already');
    const count = 'SELECT count(*)::int AS n FROM authorizations WHERE seller_id = $1';
    expect(await app.database.query(count, [sellerId])).toEqual([{ n: 1 }]);
  });

  it('is not used up by opening it, nor by going to Amazon and coming back without consent', async () => {
    const url = await link({ returnUrl: RETURN });
    const state = new URL((await leave(url)).location).searchParams.get('state');
    const cancelled = await browser.get(`/sp-api/auth?state=${state}`);
    expect(cancelled.location).toBe(`${RETURN}&outcome=cancelled&reason=not_authorized`);
    expect((await browser.get(await simulator.consent((await leave(url)).location, partner))).status).toBe(
      303,
    );
  });

  it('tells its program when the connection failed', async () => {
    const left = await leave(await link({ returnUrl: RETURN }));
    const callback = new URL(await simulator.consent(left.location, partner));
    callback.searchParams.set('spapi_oauth_code', 'ANwrong');
    const failed = await browser.get(callback.href);
    expect(failed.location).toBe(`${RETURN}&outcome=failed&reason=code_refused`);
    expect(await rows()).toEqual([]);
  });

  it('is of no use in another browser after the consent', async () => {
    const callback = await simulator.consent((await leave(await link())).location, partner);
    expect((await new BrowserClient(app.url).get(callback)).status).toBe(403);
    expect(await rows()).toEqual([]);
  });

  it('expires', async () => {
    const url = await link({ expiresInSeconds: 60 });
    app.clock.advance(61);
    const late = await browser.get(url);
    expect(late.status).toBe(410);
    expect(late.body).toContain('expired');
  });

  it('is not found when it is not one of ours', async () => {
    expect((await browser.get('/connect/not-a-link-of-ours')).status).toBe(404);
  });

  it.each([
    ['a return address elsewhere', { returnUrl: 'https://evil.example/' }, 'returnUrl'],
    [
      'a return address that only looks allowed',
      { returnUrl: 'https://shop.example.com.evil.example/' },
      'returnUrl',
    ],
    ['a script to return to', { returnUrl: 'javascript:alert(1)' }, 'returnUrl'],
    ['an unknown marketplace', { marketplaceId: 'A000000000000' }, 'marketplaceId'],
    ['a life that is too long', { expiresInSeconds: 31 * 86_400 }, 'expiresInSeconds'],
    ['an unknown field', { color: 'red' }, 'color'],
  ])('is refused with %s', async (_what, fields, path) => {
    const { status, body } = await make(fields);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  });

  it('is refused for a seller who does not exist', async () => {
    sellerId = '00000000-0000-4000-8000-000000000000';
    expect((await make()).status).toBe(404);
  });
});
