import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { parseConfig } from '../src/config/config.js';
import { HttpLwaProvider } from '../src/lwa/http-lwa-provider.js';
import { HttpSpApi } from '../src/lwa/http-sp-api.js';
import { Marketplaces } from '../src/lwa/marketplaces.js';
import { type RestrictedDataTokenRequest, type SpApi, SpApiError } from '../src/lwa/sp-api.js';
import { FakeSpApi } from '../src/lwa/testing/fake-sp-api.js';
import { TestClock } from './support/app.js';
import { randomPartner } from './support/people.js';
import { APPLICATION, Simulator } from './support/simulator.js';

const ORDERS: RestrictedDataTokenRequest = {
  restrictedResources: [{ method: 'GET', path: '/orders/v0/orders', dataElements: ['buyerInfo'] }],
};

interface Stage {
  spApi: SpApi;
  /** An access token of a seller in North America. */
  seller(): Promise<string>;
  /** Amazon takes this token no longer. */
  end(accessToken: string): Promise<void>;
  stop(): Promise<void>;
}

async function real(): Promise<Stage> {
  const simulator = await Simulator.start();
  const config = parseConfig(simulator.settings);
  const clock = new TestClock();
  const lwa = new HttpLwaProvider(config, clock);
  const client = { clientId: APPLICATION.LWA_CLIENT_ID, clientSecret: APPLICATION.LWA_CLIENT_SECRET };
  const partners = new Map<string, string>();
  return {
    spApi: new HttpSpApi(new Marketplaces(config), clock),
    seller: async () => {
      const partner = randomPartner();
      const { accessToken } = await lwa.refresh(client, await simulator.selfAuthorize(partner));
      partners.set(accessToken, partner);
      return accessToken;
    },
    end: (token) => simulator.partner(partners.get(token) ?? '', { scenario: 'revoked' }),
    stop: () => simulator.stop(),
  };
}

function fake(): Promise<Stage> {
  const spApi = new FakeSpApi();
  return Promise.resolve({
    spApi,
    seller: () => {
      const accessToken = `Atza|${randomPartner()}`;
      spApi.addSeller(accessToken, 'NA', ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']);
      return Promise.resolve(accessToken);
    },
    end: (token) => Promise.resolve(spApi.endToken(token)),
    stop: () => Promise.resolve(),
  });
}

const OPERATIONS: [string, (spApi: SpApi, region: 'NA' | 'EU', token: string) => Promise<unknown>][] = [
  ['participations', (spApi, region, token) => spApi.participations(region, token)],
  [
    'createRestrictedDataToken',
    (spApi, region, token) => spApi.createRestrictedDataToken(region, token, ORDERS),
  ],
];

describe.each([
  ['HttpSpApi', real],
  ['FakeSpApi', fake],
])('%s keeps the contract of SpApi: it', (_name, create) => {
  let stage: Stage;
  let token: string;
  beforeAll(async () => {
    stage = await create();
  });
  beforeEach(async () => {
    token = await stage.seller();
  });
  afterAll(() => stage.stop());

  it('names the marketplaces in which a seller participates', async () => {
    expect(await stage.spApi.participations('NA', token)).toContain('ATVPDKIKX0DER');
  });

  it('gives a token for personal data that lives an hour, another one at every call', async () => {
    const one = await stage.spApi.createRestrictedDataToken('NA', token, ORDERS);
    const two = await stage.spApi.createRestrictedDataToken('NA', token, ORDERS);
    expect(one).toEqual({
      restrictedDataToken: expect.stringMatching(/^Atz\.sprdt\|/),
      expiresInSeconds: 3600,
    });
    expect(two.restrictedDataToken).not.toBe(one.restrictedDataToken);
  });

  it('passes on why Amazon refuses a request, as nobody can mend by asking again', async () => {
    const nothing = { restrictedResources: [] };
    await expect(stage.spApi.createRestrictedDataToken('NA', token, nothing)).rejects.toMatchObject({
      kind: 'refused',
      details: {
        status: 400,
        errors: [
          { message: 'Request is missing or has invalid parameters', details: 'Resource not provided.' },
        ],
      },
    });
  });

  it.each(OPERATIONS)('is denied %s in another region', async (_operation, call) => {
    await expect(call(stage.spApi, 'EU', token)).rejects.toMatchObject({
      name: 'SpApiError',
      kind: 'denied',
      reason: 'access_denied',
    });
  });

  it.each(OPERATIONS)(
    'is denied %s with a token that Amazon takes no longer, and says so',
    async (_o, call) => {
      await stage.end(token);
      const failure = (await call(stage.spApi, 'NA', token).catch((error: unknown) => error)) as SpApiError;
      expect(failure).toBeInstanceOf(SpApiError);
      expect(failure).toMatchObject({ kind: 'denied', reason: 'token_rejected', details: { status: 403 } });
      expect(JSON.stringify([failure.message, failure.details])).not.toContain(token);
    },
  );
});

describe.each(OPERATIONS)('HttpSpApi, asked for %s, takes as transient', (_operation, call) => {
  let server: Server;
  let answer: RequestListener;
  let spApi: HttpSpApi;
  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = { SPAPI_ENDPOINT_NA: url, SPAPI_ENDPOINT_EU: 'http://127.0.0.1:1' };
    spApi = new HttpSpApi(new Marketplaces(parseConfig(settings)), new TestClock());
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const failure = async (region: 'NA' | 'EU' = 'NA') =>
    (await call(spApi, region, 'Atza|1').catch((error: unknown) => error)) as SpApiError;

  it.each([
    ['success in HTML', 200, '<!doctype html>', 'unreadable_answer'],
    ['success that lacks what it should bring', 200, '{}', 'unreadable_answer'],
    [
      'success of the wrong types',
      200,
      '{"payload":{},"restrictedDataToken":7,"expiresIn":""}',
      'unreadable_answer',
    ],
    [
      'a token that no header can hold',
      200,
      '{"restrictedDataToken":"a\\nb","expiresIn":60}',
      'unreadable_answer',
    ],
    ['a list in place of an object', 200, '[]', 'unreadable_answer'],
    ['a body without end', 200, `"${'x'.repeat(300 * 1024)}"`, 'body_too_large'],
    ["Amazon's own trouble", 500, '{"errors":[{"code":"InternalFailure","message":"x"}]}', 'no_success'],
    ['a gateway in its way', 502, '<html>', 'no_success'],
    ['a redirection', 302, '', 'unreachable'],
    ['a usage plan that is used up', 429, '{"errors":[]}', 'throttled'],
  ])('%s', async (_what, status, body, reason) => {
    answer = (_request, response) => {
      response.writeHead(status, { location: '/elsewhere' }).end(body);
    };
    expect(await failure()).toMatchObject({ name: 'SpApiError', kind: 'transient', reason });
  });

  it('an endpoint where nobody listens', async () => {
    expect(await failure('EU')).toMatchObject({ kind: 'transient', reason: 'unreachable' });
  });

  it('a connection that breaks off in the middle of the answer', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy());
    };
    expect(await failure()).toMatchObject({ kind: 'transient', reason: 'unreachable' });
  });

  it('an answer that begins in time and does not end', async () => {
    answer = (_request, response) => {
      response.writeHead(200).write('{');
    };
    expect(await failure()).toMatchObject({ kind: 'transient', reason: 'timeout' });
  });

  it.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'x-amzn-RateLimit-Limit': '0.016' }, 63],
    [{ 'x-amzn-RateLimit-Limit': '0' }, undefined],
  ])('throttling with %j, after which it knows when to ask again', async (headers, seconds) => {
    answer = (_request, response) => {
      response.writeHead(429, headers).end('{}');
    };
    expect((await failure()).details.retryAfterSeconds).toBe(seconds);
  });
});

describe('HttpSpApi, denied,', () => {
  it.each([
    ['The access token you provided has expired.', 'token_rejected'],
    ['The access token you provided is revoked, malformed or invalid.', 'token_rejected'],
    ['The LWA secret token you provided has expired.', 'client_secret_expired'],
    ['', 'access_denied'],
  ])('reads in the details %j why', async (details, reason) => {
    const errors = [{ code: 'Unauthorized', message: 'Access to requested resource is denied.', details }];
    const server = createServer((_request, response) => {
      response.writeHead(403).end(JSON.stringify({ errors }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const spApi = new HttpSpApi(new Marketplaces(parseConfig({ SPAPI_ENDPOINT_NA: url })), new TestClock());
    const refused = spApi.participations('NA', 'Atza|1');
    await expect(refused).rejects.toMatchObject({ kind: 'denied', reason });
    server.closeAllConnections();
    server.close();
  });
});
