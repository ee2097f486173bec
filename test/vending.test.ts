import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { API_KEY, startTestApp, type TestApp } from './support/app.js';
import { type BrowserClient } from './support/browser-client.js';
import { api, randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

interface Token {
  accessToken: string;
  tokenType: string;
  expiresAt: string;
  expiresIn: number;
  code?: string;
}

describe('Vending access tokens', () => {
  let simulator: Simulator;
  let app: TestApp;
  let seller: BrowserClient;
  let partner: string;
  let id: string;

  beforeAll(async () => {
    simulator = await Simulator.start();
    app = await startTestApp(simulator.settings);
    seller = await signUp(app.url);
  });
  afterAll(async () => {
    await app.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    partner = randomPartner();
    id = (await simulator.connect(seller, partner)).location.split('/').pop() ?? '';
  });

  const vend = (body?: unknown, key = API_KEY) =>
    api<Token>(app.url, 'POST', `/api/v1/authorizations/${id}/access-token`, { body, key });
  const refreshes = async () => (await simulator.lwaCalls(partner))['refresh_token'] ?? 0;
  const status = async () =>
    (await api<{ status: string; statusReason: string }>(app.url, 'GET', `/api/v1/authorizations/${id}`))
      .body;

  it('gives a token that Amazon accepts, with its endpoint and life in seconds', async () => {
    const { status: httpStatus, headers, body } = await vend();
    expect(httpStatus).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      accessToken: expect.stringMatching(/^Atza\|/),
      tokenType: 'bearer',
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
      expiresIn: expect.any(Number),
      authorizationId: id,
      sellingPartnerId: partner,
      region: 'NA',
      endpoint: `${simulator.url}/na`,
    });
    expect(body.expiresIn).toBeGreaterThan(3590);
    const amazon = await fetch(`${simulator.url}/na/sellers/v1/marketplaceParticipations`, {
      headers: { 'x-amz-access-token': body.accessToken },
    });
    expect(amazon.status).toBe(200);
  });

  it('asks Amazon once for 100 callers at the same moment', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => vend()));
    expect(new Set(answers.map(({ body }) => body.accessToken)).size).toBe(1);
    expect(await refreshes()).toBe(1);
  });

  it('serves the same token until shortly before its end, then a new one', async () => {
    const first = await vend();
    app.clock.advance(3500);
    expect((await vend()).body.accessToken).toBe(first.body.accessToken);
    app.clock.advance(50);
    expect((await vend()).body.accessToken).not.toBe(first.body.accessToken);
    expect(await refreshes()).toBe(2);
  });

  it('refreshes when the caller needs a longer life, or insists', async () => {
    await vend();
    app.clock.advance(1800);
    await vend({ minimumSeconds: 1700 });
    expect(await refreshes()).toBe(1);
    await vend({ minimumSeconds: 1900 });
    expect(await refreshes()).toBe(2);
    await vend({ forceRefresh: true });
    expect(await refreshes()).toBe(3);
  });

  it('flags the authorization when the seller revoked it, and says so without asking Amazon again', async () => {
    await simulator.partner(partner, { scenario: 'revoked' });
    const answer = await vend();
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('reauthorization_required');
    expect(await status()).toMatchObject({
      status: 'reauthorization_required',
      statusReason: expect.stringContaining('User may have revoked'),
    });
    expect((await vend()).status).toBe(409);
    expect(await refreshes()).toBe(1);
  });

  it('tries a dead grant again after a day, and recovers', async () => {
    await simulator.partner(partner, { scenario: 'revoked' });
    await vend();
    await simulator.partner(partner, { scenario: 'normal' });
    app.clock.advance(86_401);
    expect((await vend()).status).toBe(200);
    expect(await status()).toMatchObject({ status: 'active', statusReason: null });
  });

  it('vends the new grant at once after the seller connected again', async () => {
    await simulator.partner(partner, { scenario: 'revoked' });
    await vend();
    await simulator.connect(seller, partner);
    expect((await vend()).status).toBe(200);
  });

  it('blames no seller when Amazon rejects the application', async () => {
    await simulator.application({ scenario: 'secretExpired' });
    const answer = await vend().finally(() => simulator.application({ scenario: 'normal' }));
    expect(answer.status).toBe(503);
    expect(answer.body.code).toBe('application_credentials_rejected');
    expect(await status()).toMatchObject({ status: 'active' });
    expect((await vend()).status).toBe(200);
  });

  it.each(['throttled', 'error500', 'garbage'])(
    'keeps serving a living token while Amazon is %s',
    async (scenario) => {
      const first = await vend();
      await simulator.partner(partner, { scenario });
      app.clock.advance(3000);
      const forced = await vend({ forceRefresh: true });
      expect(forced.status).toBe(200);
      expect(forced.body.accessToken).toBe(first.body.accessToken);
      app.clock.advance(601);
      const answer = await vend();
      expect(answer.status).toBe(503);
      expect(answer.body.code).toBe('amazon_unavailable');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await status()).toMatchObject({ status: 'active' });
    },
  );

  it('never vends again after a disconnect', async () => {
    await vend();
    const { status: gone } = await api(app.url, 'DELETE', `/api/v1/authorizations/${id}`);
    expect(gone).toBe(204);
    const answer = await vend();
    expect(answer.status).toBe(410);
    expect(answer.body.code).toBe('disconnected');
  });

  it('does not store the refresh token again when Amazon answers with the same one', async () => {
    const [before] = await app.database.query(
      'SELECT sealed_refresh_token FROM authorizations WHERE id = $1',
      [id],
    );
    await vend();
    const [after] = await app.database.query(
      'SELECT sealed_refresh_token FROM authorizations WHERE id = $1',
      [id],
    );
    expect(after).toEqual(before);
  });

  it.each([
    [{ minimumSeconds: 0 }, 'minimumSeconds'],
    [{ minimumSeconds: 'soon' }, 'minimumSeconds'],
    [{ minimumSeconds: 4000 }, 'minimumSeconds'],
    [{ forceRefresh: 'yes' }, 'forceRefresh'],
    [{ colour: 'red' }, 'colour'],
  ])('refuses the body %j and names the field', async (body, path) => {
    const answer = await api(app.url, 'POST', `/api/v1/authorizations/${id}/access-token`, { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'invalid_request',
      errors: [{ path, message: expect.any(String) }],
    });
  });

  it('does not know an id that it never gave', async () => {
    const answer = await api(app.url, 'POST', `/api/v1/authorizations/${randomUUID()}/access-token`);
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'not_found' });
  });

  describe('by the LWA-compatible endpoint', () => {
    const [clientId = '', clientSecret = ''] = API_KEY.split('.');
    const credentials = { client_id: clientId, client_secret: clientSecret };
    const form = async (fields: Record<string, string>, json = false) => {
      const response = await fetch(`${app.url}/auth/o2/token`, {
        method: 'POST',
        ...(json
          ? { body: JSON.stringify(fields), headers: { 'content-type': 'application/json' } }
          : { body: new URLSearchParams(fields) }),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };

    it.each([
      ['a form', false],
      ['JSON', true],
    ])('answers an SDK that sends %s as Amazon would', async (_what, json) => {
      const answer = await form({ grant_type: 'refresh_token', refresh_token: id, ...credentials }, json);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.body).toEqual({
        access_token: expect.stringMatching(/^Atza\|/),
        token_type: 'bearer',
        expires_in: expect.any(Number),
        refresh_token: id,
      });
    });

    it.each([
      ['a wrong secret', 401, 'invalid_client', { client_secret: 'x'.repeat(43) }],
      ['an unknown client', 401, 'invalid_client', { client_id: 'rgk_nobody0123456789' }],
      ['an unknown authorization', 400, 'invalid_grant', { refresh_token: randomUUID() }],
      ['a real refresh token', 400, 'invalid_grant', { refresh_token: 'Atzr|secret' }],
      ['an unknown grant type', 400, 'unsupported_grant_type', { grant_type: 'password' }],
    ])('refuses %s in the words of LWA', async (_what, httpStatus, error, fields) => {
      const answer = await form({
        grant_type: 'refresh_token',
        refresh_token: id,
        ...credentials,
        ...fields,
      });
      expect(answer.status).toBe(httpStatus);
      expect(answer.body).toEqual({ error, error_description: expect.any(String) });
    });

    it('refuses a request without credentials, and a body that is neither form nor JSON', async () => {
      expect((await form({ grant_type: 'refresh_token' })).body).toMatchObject({ error: 'invalid_request' });
      const response = await fetch(`${app.url}/auth/o2/token`, { method: 'POST', body: '{' });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_request' });
    });

    it('says invalid_grant for a revoked one and temporarily_unavailable when Amazon is down', async () => {
      const request = { grant_type: 'refresh_token', refresh_token: id, ...credentials };
      await simulator.partner(partner, { scenario: 'error500' });
      const down = await form(request);
      expect([down.status, down.body]).toEqual([
        503,
        { error: 'temporarily_unavailable', error_description: expect.any(String) },
      ]);
      expect(down.headers.get('retry-after')).not.toBeNull();
      await simulator.partner(partner, { scenario: 'revoked' });
      const revoked = await form(request);
      expect([revoked.status, revoked.body]).toEqual([
        400,
        { error: 'invalid_grant', error_description: expect.any(String) },
      ]);
    });
  });

  describe('to keys', () => {
    const addKey = async (change: Record<string, unknown>) => {
      const name = `rgk_${randomUUID().replaceAll('-', '')}`;
      const [bootstrap] = await app.database.query('SELECT * FROM api_keys LIMIT 1');
      const row = { ...bootstrap, id: randomUUID(), client_id: name, ...change };
      await app.database.query(
        `INSERT INTO api_keys SELECT * FROM json_populate_record(NULL::api_keys, $1)`,
        [
          JSON.stringify({
            ...row,
            secret_hash: `\\x${(bootstrap?.['secret_hash'] as Buffer).toString('hex')}`,
          }),
        ],
      );
      return `${name}.${API_KEY.split('.')[1]}`;
    };

    it.each([
      ['without the scope', { scopes: ['admin:read'] }, 403, 'forbidden'],
      ['of another application', { application_ids: [randomUUID()] }, 403, 'forbidden'],
      ['that has expired', { expires_at: '2020-01-01T00:00:00Z' }, 401, 'unauthenticated'],
      ['that was revoked', { revoked_at: '2020-01-01T00:00:00Z' }, 401, 'unauthenticated'],
    ])('refuses a key %s', async (_what, change, httpStatus, code) => {
      const answer = await vend(undefined, await addKey(change));
      expect([answer.status, answer.body.code]).toEqual([httpStatus, code]);
    });

    it.each(['', 'rgk_x', `${API_KEY}x`, 'rgk_nobody0123456789.x'])('refuses the key %j', async (key) => {
      expect((await vend(undefined, key)).status).toBe(401);
    });

    it('stores no secret of a key', async () => {
      const [row] = await app.database.query('SELECT api_keys::text AS row FROM api_keys');
      expect(row?.['row']).not.toContain(API_KEY.split('.')[1]);
    });
  });
});
