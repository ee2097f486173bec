import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app.js';
import { BrowserClient } from './support/browser-client.js';
import { api, PASSWORD, randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

interface Seller {
  id: string;
  email: string;
  emailVerified: boolean;
  externalId: string | null;
  status: string;
  updatedAt: string;
  code?: string;
  errors?: { path: string; message: string }[];
}

let simulator: Simulator;
let app: TestApp;

beforeAll(async () => {
  simulator = await Simulator.start();
  app = await startTestApp(simulator.settings);
});
afterAll(async () => {
  await app.stop();
  await simulator.stop();
});

const newAddress = () => `api-${randomBytes(6).toString('hex')}@example.com`;
const call = <T = Seller>(method: string, path: string, body?: unknown) =>
  api<T>(app.url, method, `/api/v1/sellers${path}`, { body });
const isSignedIn = async (browser: BrowserClient) => (await browser.get('/')).status === 303;

async function create(fields: Record<string, unknown> = {}): Promise<Seller> {
  const { status, body } = await call('POST', '', { email: newAddress(), ...fields });
  expect(status).toBe(201);
  return body;
}

describe('the sellers API', () => {
  it('makes an account and shows it, without anything about its password', async () => {
    const email = newAddress();
    const made = await call('POST', '', { email: `  ${email.toUpperCase()} `, externalId: 'crm-7' });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      ...{ id: expect.any(String), email, emailVerified: false, externalId: 'crm-7' },
      ...{ locale: 'en', status: 'active', createdAt: expect.any(String), updatedAt: expect.any(String) },
    });
    expect((await call('GET', `/${made.body.id}`)).body).toEqual(made.body);
    expect(app.log()).not.toContain(email);
  });

  it('lets its owner set a password by the mailed link, which verifies the address', async () => {
    const { id, email } = await create();
    const browser = new BrowserClient(app.url);
    expect((await browser.submit('/login', 'Sign in', { email, password: PASSWORD })).status).toBe(401);
    await browser.submit('/forgot-password', 'Send the link', { email });
    const link = await mailedLink(email);
    expect((await browser.submit(link, 'Set password', { password: PASSWORD })).status).toBe(303);
    expect((await call('GET', `/${id}`)).body.emailVerified).toBe(true);
  });

  it('changes what is sent and leaves the rest', async () => {
    const { id, email } = await create({ externalId: `crm-${randomPartner()}` });
    const changed = await call('PATCH', `/${id}`, { locale: 'de', externalId: null });
    expect(changed).toMatchObject({ status: 200, body: { email, locale: 'de', externalId: null } });
    expect((await call('PATCH', `/${id}`, {})).body.updatedAt).toBe(changed.body.updatedAt);
  });

  it('makes a new address be verified again, and ends the links of the old one', async () => {
    const { id, email } = await create();
    const browser = new BrowserClient(app.url);
    await browser.submit('/forgot-password', 'Send the link', { email });
    const link = await mailedLink(email);
    await app.database.query('UPDATE sellers SET email_verified_at = created_at WHERE id = $1', [id]);
    const moved = newAddress();
    const { body } = await call('PATCH', `/${id}`, { email: moved });
    expect(body).toMatchObject({ email: moved, emailVerified: false });
    expect((await browser.get(link)).status).toBe(410);
    const verify = await mailedLink(moved);
    await browser.submit(verify, 'Verify email');
    expect((await call('GET', `/${id}`)).body.emailVerified).toBe(true);
  });

  it('signs a disabled account out and keeps it out until it is active again', async () => {
    const seller = await signUp(app.url);
    const [{ id } = { id: '' }] = await find({ email: seller.email });
    await call('PATCH', `/${id}`, { status: 'disabled' });
    const again = () =>
      new BrowserClient(app.url).submit('/login', 'Sign in', { email: seller.email, password: PASSWORD });
    expect([await isSignedIn(seller), (await again()).status]).toEqual([false, 401]);
    await call('PATCH', `/${id}`, { status: 'active' });
    expect([await isSignedIn(seller), (await again()).status]).toEqual([false, 303]);
  });

  it.each(['email', 'externalId'])('refuses a second seller with the same %s', async (path) => {
    const first = await create({ externalId: `crm-${randomPartner()}` });
    const same = { email: newAddress(), [path]: first[path as 'email'] };
    const expected = { status: 409, body: { code: 'conflict', errors: [expect.objectContaining({ path })] } };
    expect(await call('POST', '', same)).toMatchObject(expected);
    const { id } = await create();
    expect(await call('PATCH', `/${id}`, { [path]: first[path as 'email'] })).toMatchObject(expected);
  });

  it.each([
    ['no address', {}, 'email'],
    ['an address that is none', { email: 'nobody' }, 'email'],
    ['an unknown language', { email: 'a@example.com', locale: 'tlh' }, 'locale'],
    ['an unknown status', { email: 'a@example.com', status: 'locked' }, 'status'],
    ['an empty external id', { email: 'a@example.com', externalId: '' }, 'externalId'],
    ['an external id with a NUL', { email: 'a@example.com', externalId: 'a\0b' }, 'externalId'],
    ['a field that we do not know', { email: 'a@example.com', passwordHash: 'x' }, 'passwordHash'],
  ])('refuses %s', async (_, body, path) => {
    expect(await call('POST', '', body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [expect.objectContaining({ path })] },
    });
  });

  it('refuses null where a value is needed, and answers 404 for nobody', async () => {
    const { id } = await create();
    for (const field of ['email', 'locale', 'status'])
      expect((await call('PATCH', `/${id}`, { [field]: null })).status).toBe(400);
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect(
        await call(method, '/6f1cbe0e-6d0e-4b5c-8f0c-000000000000', method === 'PATCH' ? {} : undefined),
      ).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  it('lists page by page, oldest first, and finds by address, external id and status', async () => {
    const made = [await create(), await create({ status: 'disabled' }), await create()];
    const ids: string[] = [];
    let cursor: string | null = '';
    do {
      const page: { items: Seller[]; nextCursor: string | null } = (
        await call<{ items: Seller[]; nextCursor: string | null }>(
          'GET',
          `?limit=2${cursor && `&cursor=${cursor}`}`,
        )
      ).body;
      expect(page.items.length).toBeLessThanOrEqual(2);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(-3)).toEqual(made.map(({ id }) => id));
    const [first, disabled] = made;
    expect(await find({ email: first?.email.toUpperCase() ?? '' })).toEqual([first]);
    expect((await find({ status: 'disabled' })).map(({ id }) => id)).toContain(disabled?.id);
    expect(await find({ externalId: 'nobody' })).toEqual([]);
    expect((await call('GET', '?cursor=nonsense')).status).toBe(400);
  });

  it('destroys the tokens of a seller who is deleted', async () => {
    const seller = await signUp(app.url);
    const landed = await simulator.connect(seller, randomPartner());
    const path = `/api/v1/authorizations/${landed.location.split('/').at(-1)}`;
    const [{ id } = { id: '' }] = await find({ email: seller.email });
    expect((await api(app.url, 'POST', `${path}/access-token`, { body: {} })).status).toBe(200);
    expect((await call('DELETE', `/${id}`)).status).toBe(204);
    expect((await api(app.url, 'POST', `${path}/access-token`, { body: {} })).status).toBe(410);
    expect((await call('GET', `/${id}`)).status).toBe(404);
    expect(await isSignedIn(seller)).toBe(false);
    const [event] = await app.database.query(`SELECT actor FROM events WHERE type = 'seller.deleted'`);
    expect(event?.['actor']).toBe('api-key:rgk_test0123456789abcdef');
  });

  it('does not let a key for some applications end the authorizations of others', async () => {
    const seller = await signUp(app.url);
    await simulator.connect(seller, randomPartner());
    const [{ id } = { id: '' }] = await find({ email: seller.email });
    const key = 'rgk_limited0123456789ab.secret-of-a-key-for-some-applications';
    await app.database.query(
      `INSERT INTO api_keys (id, client_id, name, secret_hash, scopes, application_ids, created_at)
       VALUES (gen_random_uuid(), $1, 'limited', $2, '{admin:write}', ARRAY[gen_random_uuid()], now())`,
      [
        key.split('.')[0],
        createHash('sha256')
          .update(key.split('.')[1] ?? '')
          .digest(),
      ],
    );
    const refused = await api(app.url, 'DELETE', `/api/v1/sellers/${id}`, { key });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await isSignedIn(seller)).toBe(true);
  });

  it('is in the OpenAPI document', async () => {
    const response = await fetch(`${app.url}/api/openapi.json`);
    const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> };
    expect(Object.keys(paths['/api/v1/sellers'] ?? {}).sort()).toEqual(['get', 'post']);
    expect(Object.keys(paths['/api/v1/sellers/{id}'] ?? {}).sort()).toEqual(['delete', 'get', 'patch']);
  });
});

async function find(filter: Record<string, string>): Promise<Seller[]> {
  const query = new URLSearchParams(filter).toString();
  return (await call<{ items: Seller[] }>('GET', `?${query}`)).body.items;
}

/** The path of the link in the newest mail to that address, once it is there. */
async function mailedLink(address: string): Promise<string> {
  for (;;) {
    const [mail] = await simulator.mailsTo(address);
    const link = mail && /http:\S+/.exec(mail.text)?.[0];
    if (link) return new URL(link).pathname + new URL(link).search;
  }
}
