import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import pg from 'pg';
import { Signals } from '../src/signals/signals.js';
import { VendingService } from '../src/tokens/vending.service.js';
import { API_KEY, startTestApp, type TestApp, TestClock } from './support/app.js';
import { addKey, type ApplicationAnswer, newApplication } from './support/applications.js';
import { api, randomPartner } from './support/people.js';
import { Simulator } from './support/simulator.js';

const FORM = 'application/x-www-form-urlencoded';

/** A clock that stands still until it is moved: answers a moment apart are then equal to the byte. */
class StandingClock extends TestClock {
  private time = Date.now();
  override now(): Date {
    return new Date(this.time);
  }
  override advance(seconds: number): void {
    this.time += seconds * 1000;
  }
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

describe('Vending from memory, before the pipeline', () => {
  let simulator: Simulator;
  let app: TestApp;
  let id: string;
  /** Asked by the controllers only. */
  let theLongWay: jest.SpiedFunction<VendingService['vend']>;

  beforeAll(async () => {
    // However slow this machine is: memory is believed here.
    jest.spyOn(Signals.prototype, 'current', 'get').mockReturnValue(true);
    simulator = await Simulator.start();
    app = await startTestApp(simulator.settings, { clock: new StandingClock() });
    theLongWay = jest.spyOn(app.nest.get(VendingService, { strict: false }), 'vend');
  });
  afterAll(async () => {
    await app.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    const sellingPartnerId = randomPartner();
    const refreshToken = await simulator.selfAuthorize(sellingPartnerId);
    const body = { sellingPartnerId, region: 'NA', refreshToken, verify: false };
    id = (await api<{ id: string }>(app.url, 'POST', '/api/v1/authorizations', { body })).body.id;
    await byId('{}');
    await asLwa({});
    theLongWay.mockClear();
  });
  afterEach(() => void theLongWay.mockClear());

  async function post(path: string, type: string | undefined, body: string | undefined, key?: string) {
    const response = await fetch(app.url + path, {
      method: 'POST',
      headers: { ...(type && { 'content-type': type }), ...(key && { authorization: `Bearer ${key}` }) },
      ...(body !== undefined && { body }),
    });
    const headers = Object.fromEntries(response.headers);
    for (const name of ['date', 'x-request-id']) expect(headers[name]).toBeDefined();
    delete headers['date'];
    delete headers['x-request-id'];
    return { status: response.status, headers, text: await response.text() };
  }
  const byId = (body: string | undefined, key = API_KEY, authorization = id): Promise<Answer> =>
    post(
      `/api/v1/authorizations/${authorization}/access-token`,
      body === undefined ? undefined : 'application/json',
      body,
      key,
    );
  const fields = (change: Record<string, string>, key = API_KEY): Record<string, string> => {
    const [client_id = '', client_secret = ''] = key.split('.');
    return { grant_type: 'refresh_token', refresh_token: id, client_id, client_secret, ...change };
  };
  const asLwa = (change: Record<string, string>, key = API_KEY): Promise<Answer> =>
    post('/auth/o2/token', FORM, new URLSearchParams(fields(change, key)).toString());
  const asLwaInJson = (change: Record<string, string>): Promise<Answer> =>
    post('/auth/o2/token', 'application/json', JSON.stringify(fields(change)));
  const problem = ({ status, text }: Answer) => [status, (JSON.parse(text) as { code: string }).code];
  const lwaProblem = ({ status, text }: Answer) => [status, (JSON.parse(text) as { error: string }).error];

  /** The short way first, then the same question with a detail that makes no difference and that only controllers know. */
  it.each<[string, () => Promise<Answer>, () => Promise<Answer>]>([
    ['the API', () => byId('{}'), () => byId('{"forceRefresh":null}')],
    ['the API without a body', () => byId(undefined), () => byId('{"forceRefresh":null}')],
    [
      'the API with an empty form',
      () => post(`/api/v1/authorizations/${id}/access-token`, FORM, '', API_KEY),
      () => post(`/api/v1/authorizations/${id}/access-token?long=way`, FORM, '', API_KEY),
    ],
    [
      'the API about its id in capitals',
      () => byId('{"minimumSeconds":600,"forceRefresh":false}', API_KEY, id.toUpperCase()),
      () => byId('{"minimumSeconds":600,"forceRefresh":null}', API_KEY, id.toUpperCase()),
    ],
    ['LWA in a form', () => asLwa({}), () => asLwa({ scope: 'any' })],
    ['LWA in JSON', () => asLwaInJson({}), () => asLwaInJson({ scope: 'any' })],
    [
      'LWA about its id in capitals',
      () => asLwa({ refresh_token: id.toUpperCase() }),
      () => asLwa({ refresh_token: id.toUpperCase(), scope: 'any' }),
    ],
  ])('answers %s as the controllers do, to the byte and to the header', async (_what, ask, askTheLongWay) => {
    const answer = await ask();
    expect(theLongWay).not.toHaveBeenCalled();
    const other = await askTheLongWay();
    expect(theLongWay).toHaveBeenCalledTimes(1);
    expect(answer).toEqual(other);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('asks the database nothing', async () => {
    const holder = new pg.Client(app.database.url);
    await holder.connect();
    try {
      await holder.query(
        'BEGIN; LOCK TABLE authorizations, access_tokens, api_keys IN ACCESS EXCLUSIVE MODE',
      );
      expect((await byId('{}')).status).toBe(200);
      expect((await asLwa({})).status).toBe(200);
    } finally {
      await holder.end();
    }
  });

  it('tells of the request in the log, and nothing of what it carried', async () => {
    const before = app.log().length;
    const { text } = await byId('{}');
    const line = app.log().slice(before);
    expect(line).toContain('"route":"/api/v1/authorizations/:id/access-token","status":200');
    expect(line).not.toContain((JSON.parse(text) as { accessToken: string }).accessToken);
    expect(line).not.toContain(API_KEY.split('.')[1]);
  });

  it('gives another token to who insists, and to who needs a longer life', async () => {
    const first = await byId('{}');
    const forced = await byId('{"forceRefresh":true}');
    expect(forced.text).not.toBe(first.text);
    app.clock.advance(1000);
    const longer = await byId('{"minimumSeconds":3000}');
    expect(JSON.parse(longer.text)).toMatchObject({ expiresIn: 3600 });
    expect(theLongWay).toHaveBeenCalledTimes(2);
  });

  describe('refuses in the words of the controllers', () => {
    it.each([
      ['{"minimumSeconds":0}', [400, 'invalid_request']],
      ['{"minimumSeconds":3541}', [400, 'invalid_request']],
      ['{"minimumSeconds":1.5}', [400, 'invalid_request']],
      ['{"minimumSeconds":"60"}', [400, 'invalid_request']],
      ['{"forceRefresh":"no"}', [400, 'invalid_request']],
      ['{"minimumSeconds":60,"scope":"x"}', [400, 'invalid_request']],
      ['{"__proto__":{"minimumSeconds":60}}', [400, 'invalid_request']],
      ['{', [400, 'invalid_request']],
    ])('the body %s', async (body, refusal) => {
      const answer = await byId(body);
      expect(problem(answer)).toEqual(refusal);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    });

    it.each([
      ['a field that nobody knows', { audience: 'x' }, [400, 'invalid_request']],
      ['another grant type', { grant_type: 'password' }, [400, 'unsupported_grant_type']],
      ['an id that is none', { refresh_token: 'Atzr|secret' }, [400, 'invalid_grant']],
      ['a wrong secret', { client_secret: 'x'.repeat(43) }, [401, 'invalid_client']],
    ])('a form with %s', async (_what, change, refusal) => {
      expect(lwaProblem(await asLwa(change))).toEqual(refusal);
    });

    it('a form with a field twice', async () => {
      const body = `${new URLSearchParams(fields({})).toString()}&client_id=x`;
      const answer = await post('/auth/o2/token', FORM, body);
      expect(lwaProblem(answer)).toEqual([400, 'invalid_request']);
    });

    it('an authorization that was disconnected a moment ago', async () => {
      await api(app.url, 'DELETE', `/api/v1/authorizations/${id}`);
      expect(problem(await byId('{}'))).toEqual([410, 'disconnected']);
      expect(lwaProblem(await asLwa({}))).toEqual([400, 'invalid_grant']);
    });

    /** A key that has just been served from memory, and then the change to it. */
    async function servedKey(limits: object = {}) {
      const body = { name: 'Orders', scopes: ['tokens:vend'], ...limits };
      const made = await api<{ id: string; apiKey: string }>(app.url, 'POST', '/api/v1/api-keys', { body });
      const { id: keyId, apiKey } = made.body;
      await byId('{}', apiKey);
      theLongWay.mockClear();
      expect((await byId('{}', apiKey)).status).toBe(200);
      expect(theLongWay).not.toHaveBeenCalled();
      return { keyId, apiKey };
    }
    async function expectRefused(apiKey: string, refusal: [number, string], ofLwa: [number, string]) {
      const answer = await byId('{}', apiKey);
      expect(problem(answer)).toEqual(refusal);
      expect(answer.headers['www-authenticate']).toBe(
        refusal[0] === 401 ? 'Bearer realm="regrant"' : undefined,
      );
      expect(lwaProblem(await asLwa({}, apiKey))).toEqual(ofLwa);
    }

    it('a key that was revoked a moment ago', async () => {
      const { keyId, apiKey } = await servedKey();
      await api(app.url, 'DELETE', `/api/v1/api-keys/${keyId}`);
      await expectRefused(apiKey, [401, 'unauthenticated'], [401, 'invalid_client']);
    });

    it('a key that was revoked between the head of the request and its body', async () => {
      const { keyId, apiKey } = await servedKey();
      const server = app.nest.getHttpServer();
      const headIsHere = once(server, 'request');
      const sending = request(`${app.url}/api/v1/authorizations/${id}/access-token`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${apiKey}`,
          'content-type': 'application/json',
          'content-length': '2',
        },
      });
      sending.flushHeaders();
      await headIsHere;
      await api(app.url, 'DELETE', `/api/v1/api-keys/${keyId}`);
      sending.end('{}');
      const [{ statusCode }] = (await once(sending, 'response')) as [IncomingMessage];
      expect(statusCode).toBe(401);
    });

    it('a key that has expired a moment ago', async () => {
      const expiresAt = new Date(app.clock.now().getTime() + 120_000).toISOString();
      const { apiKey } = await servedKey({ expiresAt });
      app.clock.advance(121);
      await expectRefused(apiKey, [401, 'unauthenticated'], [401, 'invalid_client']);
    });

    it('a key without the scope', async () => {
      const apiKey = await addKey(app, { scopes: ['admin:read'] });
      await expectRefused(apiKey, [403, 'forbidden'], [400, 'unauthorized_client']);
    });

    it('a key of another application', async () => {
      const other = await api<ApplicationAnswer>(app.url, 'POST', '/api/v1/applications', {
        body: newApplication(),
      });
      const apiKey = await addKey(app, { application_ids: [other.body.id] });
      for (let again = 0; again < 2; again++)
        await expectRefused(apiKey, [403, 'forbidden'], [400, 'unauthorized_client']);
    });

    it('a key that nobody made, and none at all', async () => {
      expect(problem(await byId('{}', `rgk_${randomUUID()}.x`))).toEqual([401, 'unauthenticated']);
      expect(problem(await byId('{}', ''))).toEqual([401, 'unauthenticated']);
    });
  });
});
