import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLICATION, startSimulator, type TestSimulator } from '../testing.js';

const SELLER = 'A2SIMULATEDUS1';
const REVOKED =
  "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission.";
const INVALID_CODE = {
  error: 'invalid_grant',
  error_description: 'The request has an invalid grant parameter : code',
};

describe('the token endpoint of Login with Amazon', () => {
  let simulator: TestSimulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  const exchange = (code: string, more = {}) =>
    simulator.token({ grant_type: 'authorization_code', code, ...more });
  const refresh = (refreshToken: string, more = {}) =>
    simulator.token({ grant_type: 'refresh_token', refresh_token: refreshToken, ...more });
  const grantless = (scope: string, more = {}) =>
    simulator.token({ grant_type: 'client_credentials', scope, ...more });
  const script = (path: string, body: unknown) => simulator.json('PUT', `/_simulator/${path}`, body);

  it('exchanges a code for an access token and a refresh token', async () => {
    const { status, headers, body } = await exchange(await simulator.code(SELLER));
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      access_token: expect.stringMatching(/^Atza\|.{20,2040}$/),
      token_type: 'bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^Atzr\|.{20,2040}$/),
    });
  });

  it('accepts a code only once', async () => {
    const code = await simulator.code(SELLER);
    expect((await exchange(code)).status).toBe(200);
    expect(await exchange(code)).toMatchObject({ status: 400, body: INVALID_CODE });
  });

  it('lets one of many simultaneous exchanges of a code win', async () => {
    await script(`selling-partners/${SELLER}`, { scenario: 'slow', delayMs: 50 });
    const code = await simulator.code(SELLER);
    const answers = await Promise.all([exchange(code), exchange(code), exchange(code)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  });

  it('accepts a code for five minutes', async () => {
    const [early, late] = [await simulator.code(SELLER), await simulator.code(SELLER)];
    simulator.advance(5 * 60_000 - 1);
    expect((await exchange(early)).status).toBe(200);
    simulator.advance(1);
    expect(await exchange(late)).toMatchObject({ status: 400, body: INVALID_CODE });
  });

  it('authenticates by any secret that has not expired', async () => {
    const path = `applications/${APPLICATION.applicationId}`;
    const { body } = await simulator.json<{ clientSecrets: { clientSecret: string }[] }>(
      'POST',
      `/_simulator/${path}/client-secrets`,
      { overlapSeconds: 60 },
    );
    const newest = body.clientSecrets.at(-1)?.clientSecret ?? '';
    const withSecret = async (client_secret: string) =>
      (await grantless('sellingpartnerapi::notifications', { client_secret })).status;
    expect([await withSecret(APPLICATION.clientSecret), await withSecret(newest)]).toEqual([200, 200]);
    simulator.advance(60_000);
    expect([await withSecret(APPLICATION.clientSecret), await withSecret(newest)]).toEqual([401, 200]);
    simulator.advance(180 * 86_400_000);
    expect(await grantless('sellingpartnerapi::notifications', { client_secret: newest })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    await script(path, { clientSecrets: ['plain'] });
    expect([await withSecret('plain'), await withSecret(newest)]).toEqual([200, 401]);
  });

  it('refuses a code of another application and an unknown code alike', async () => {
    const other = { client_id: 'another-client', client_secret: 'another-secret' };
    await script('applications/another', { clientId: 'another-client', clientSecrets: ['another-secret'] });
    const code = await simulator.code(SELLER);
    expect(await exchange(code, other)).toMatchObject({ status: 400, body: INVALID_CODE });
    expect(await exchange('unknown')).toMatchObject({ status: 400, body: INVALID_CODE });
    expect((await exchange(code)).status).toBe(200);
  });

  it('gives the same refresh token back with each new access token', async () => {
    const refreshToken = await simulator.refreshToken(SELLER);
    const [first, second] = [await refresh(refreshToken), await refresh(refreshToken)];
    expect(first).toMatchObject({ status: 200, body: { refresh_token: refreshToken, expires_in: 3600 } });
    expect(second.body['access_token']).not.toBe(first.body['access_token']);
  });

  it('issues a different refresh token for every grant', async () => {
    expect(await simulator.refreshToken(SELLER)).not.toBe(await simulator.refreshToken(SELLER));
  });

  it('takes JSON too, and the other spelling of its path', async () => {
    const { body } = await simulator.json('POST', '/auth/O2/token', {
      grant_type: 'refresh_token',
      refresh_token: await simulator.refreshToken(SELLER),
      client_id: APPLICATION.clientId,
      client_secret: APPLICATION.clientSecret,
    });
    expect(body).toMatchObject({ token_type: 'bearer' });
  });

  it('honours refresh tokens that an earlier simulator issued, of partners it never heard of', async () => {
    const earlier = await startSimulator();
    const refreshToken = await earlier.refreshToken('A2NEWCOMER0001');
    await earlier.close();
    expect(await refresh(refreshToken)).toMatchObject({ status: 200, body: { refresh_token: refreshToken } });
  });

  it('refuses a refresh token that is malformed or was tampered with', async () => {
    const body = {
      error: 'invalid_grant',
      error_description: 'The request has an invalid grant parameter : refresh_token',
    };
    expect(await refresh('Atzr|whatever')).toMatchObject({ status: 400, body });
    expect(await refresh(`${await simulator.refreshToken(SELLER)}x`)).toMatchObject({ status: 400, body });
  });

  it('refuses the refresh token of another application as not authorized', async () => {
    await script('applications/another', { clientId: 'another-client', clientSecrets: ['another-secret'] });
    const refreshToken = await simulator.refreshToken(SELLER);
    const answer = await refresh(refreshToken, {
      client_id: 'another-client',
      client_secret: 'another-secret',
    });
    const body = {
      error: 'unauthorized_client',
      error_description: 'Not authorized for requested operation',
    };
    expect(answer).toMatchObject({ status: 400, body });
  });

  it('says that the user may have revoked, until the next consent, after which old tokens stay dead', async () => {
    const old = await simulator.refreshToken(SELLER);
    await script(`selling-partners/${SELLER}`, { scenario: 'revoked' });
    const refusal = { status: 400, body: { error: 'invalid_grant', error_description: REVOKED } };
    expect(await refresh(old)).toMatchObject(refusal);
    simulator.advance(1000);
    const { body } = await exchange(await simulator.code(SELLER));
    expect((await refresh(body['refresh_token'] ?? '')).status).toBe(200);
    expect(await refresh(old)).toMatchObject(refusal);
  });

  it('keeps the built-in revoked partner revoked after its first consent', async () => {
    const first = await exchange(await simulator.code('A2REVOKED00001'));
    expect(first.status).toBe(200);
    expect((await refresh(first.body['refresh_token'] ?? '')).body['error_description']).toBe(REVOKED);
    const second = await exchange(await simulator.code('A2REVOKED00001'));
    expect((await refresh(second.body['refresh_token'] ?? '')).status).toBe(200);
  });

  it('gives a grantless token for the scopes that Amazon knows, without a refresh token', async () => {
    for (const scope of [
      'sellingpartnerapi::notifications',
      'sellingpartnerapi::client_credential:rotation',
      'sellingpartnerapi::shipments:track',
      'sellingpartnerapi::notifications sellingpartnerapi::shipments:track',
    ]) {
      const { status, body } = await grantless(scope);
      expect(status).toBe(200);
      expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'token_type']);
    }
  });

  it('refuses unknown and retired scopes', async () => {
    for (const scope of ['sellingpartnerapi::migration', 'sellingpartnerapi::client_credential::rotation']) {
      expect(await grantless(scope)).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    }
  });

  it('refuses a client with a wrong secret, an unknown id or an expired secret with 401', async () => {
    const body = { error: 'invalid_client', error_description: 'Client authentication failed' };
    const refreshToken = await simulator.refreshToken(SELLER);
    expect(await refresh(refreshToken, { client_secret: 'wrong' })).toMatchObject({ status: 401, body });
    expect(await refresh(refreshToken, { client_id: APPLICATION.applicationId })).toMatchObject({
      status: 401,
      body,
    });
    await script(`applications/${APPLICATION.applicationId}`, { scenario: 'secretExpired' });
    expect(await refresh(refreshToken)).toMatchObject({ status: 401, body });
  });

  it('accepts each of several client secrets while they overlap', async () => {
    const application = `applications/${APPLICATION.applicationId}`;
    await script(application, { clientSecrets: ['new', APPLICATION.clientSecret] });
    const refreshToken = await simulator.refreshToken(SELLER);
    expect((await refresh(refreshToken)).status).toBe(200);
    expect((await refresh(refreshToken, { client_secret: 'new' })).status).toBe(200);
    await script(application, { clientSecrets: ['new'] });
    expect((await refresh(refreshToken)).status).toBe(401);
  });

  it.each([
    ['no grant type', {}, 'invalid_request'],
    ['an unknown grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no code', { grant_type: 'authorization_code' }, 'invalid_request'],
    ['no refresh token', { grant_type: 'refresh_token' }, 'invalid_request'],
    ['no scope', { grant_type: 'client_credentials' }, 'invalid_request'],
    ['no client secret', { grant_type: 'refresh_token', client_secret: '' }, 'invalid_request'],
    [
      'a scope on refresh',
      { grant_type: 'refresh_token', refresh_token: 'x', scope: 'y' },
      'invalid_request',
    ],
  ])('refuses a request with %s', async (_case, parameters, error) => {
    const { status, body } = await simulator.token(parameters);
    expect([status, body['error']]).toEqual([400, error]);
    expect(body['error_description']).toBeTruthy();
  });

  it('refuses bodies that it cannot read in the words of OAuth', async () => {
    for (const [type, body] of [
      ['application/json', '{'],
      ['text/plain', 'grant_type=refresh_token'],
      ['application/x-www-form-urlencoded', 'grant_type=a&grant_type=b'],
    ] as const) {
      const url = `${simulator.url}/auth/o2/token`;
      const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': type } });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_request' });
    }
  });

  it.each([
    ['an application', `applications/${APPLICATION.applicationId}`],
    ['a selling partner', `selling-partners/${SELLER}`],
  ])('throttles, fails, talks garbage and is slow when %s is scripted so', async (_case, path) => {
    const refreshToken = await simulator.refreshToken(SELLER);
    await script(path, { scenario: 'throttled' });
    const throttled = await refresh(refreshToken);
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '1']);
    await script(path, { scenario: 'error500' });
    expect(await refresh(refreshToken)).toMatchObject({
      status: 500,
      body: { error: 'server_error', error_description: 'Internal Server Error' },
    });
    await script(path, { scenario: 'garbage' });
    const garbage = await refresh(refreshToken);
    expect([garbage.status, garbage.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    await script(path, { scenario: 'slow', delayMs: 200 });
    const started = performance.now();
    expect((await refresh(refreshToken)).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThan(190);
    expect((await exchange(await simulator.code(SELLER))).status).toBe(200);
  });

  it('does not let a slow answer hold up its end', async () => {
    const pending = refresh(await simulator.refreshToken('A2SLOW00000001')).catch(() => 'cut off');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const started = performance.now();
    await simulator.close();
    expect(performance.now() - started).toBeLessThan(1500);
    await pending;
  });
});
