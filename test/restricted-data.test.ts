import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { AmazonProxy, type SeenCall } from './support/amazon-proxy.js';
import { API_KEY, startTestApp, type TestApp } from './support/app.js';
import { addKey } from './support/applications.js';
import { api, randomPartner } from './support/people.js';
import { Simulator } from './support/simulator.js';

interface Answer {
  restrictedDataToken: string;
  expiresAt: string;
  expiresIn: number;
  code?: string;
  detail?: string;
  errors?: { path: string; message: string }[];
}

const resource = (path: string) => ({ restrictedResources: [{ method: 'GET', path }] });
const ORDERS = {
  restrictedResources: [
    { method: 'GET', path: '/orders/v0/orders', dataElements: ['buyerInfo', 'shippingAddress'] },
  ],
};
const isForRdt = ({ path }: SeenCall) => path.endsWith('/restrictedDataToken');

describe('Restricted data tokens', () => {
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let app: TestApp;
  let partner: string;
  /** An authorization of that partner, new for each test. */
  let id: string;

  beforeAll(async () => {
    simulator = await Simulator.start();
    amazon = await AmazonProxy.start(simulator.url);
    app = await startTestApp({ ...simulator.settings, ...amazon.settings });
  });
  afterAll(async () => {
    await app.stop();
    amazon.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    partner = randomPartner();
    const refreshToken = await simulator.selfAuthorize(partner);
    const body = { sellingPartnerId: partner, region: 'NA', refreshToken, verify: false };
    id = (await api<{ id: string }>(app.url, 'POST', '/api/v1/authorizations', { body })).body.id;
    amazon.calls.length = 0;
  });
  afterEach(() => {
    amazon.intercept = () => undefined;
  });

  const issue = (body: unknown = ORDERS, key = API_KEY, authorization = id) =>
    api<Answer>(app.url, 'POST', `/api/v1/authorizations/${authorization}/restricted-data-token`, {
      body,
      key,
    });
  const asked = () => amazon.calls.filter(isForRdt);
  const refreshes = () =>
    amazon.calls.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;
  /** What Amazon answers to the next calls for such a token, one after the other. */
  const amazonAnswers = (
    ...answers: { status: number; body: object; headers?: Record<string, string> }[]
  ) => {
    amazon.intercept = (call) => (isForRdt(call) ? answers.shift() : undefined);
  };
  const denial = (details = '') => ({
    status: 403,
    body: { errors: [{ code: 'Unauthorized', message: 'Access to requested resource is denied.', details }] },
  });
  const EXPIRED = denial('The access token you provided has expired.');

  it('come from Amazon, for the resources that were asked for, with their life', async () => {
    const wanted = { ...ORDERS, targetApplication: 'amzn1.sellerapps.app.other' };
    const { status, headers, body } = await issue(wanted);
    expect([status, body]).toEqual([
      200,
      {
        restrictedDataToken: expect.stringMatching(/^Atz\.sprdt\|/),
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
        expiresIn: 3600,
      },
    ]);
    expect(headers.get('cache-control')).toBe('no-store');
    const life = Date.parse(body.expiresAt) - app.clock.now().getTime();
    expect(Math.abs(life - 3_600_000)).toBeLessThan(30_000);
    const [call] = asked();
    expect(JSON.parse(call?.body ?? '')).toEqual(wanted);
    expect(call?.path).toBe('/na/tokens/2021-03-01/restrictedDataToken');
    expect(app.log()).not.toContain(body.restrictedDataToken);
  });

  it('are never shared: callers at the same moment get one each, with one access token between them', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => issue()));
    expect(new Set(answers.map(({ body }) => body.restrictedDataToken)).size).toBe(5);
    expect(new Set(asked().map(({ headers }) => headers['x-amz-access-token'])).size).toBe(1);
    expect(refreshes()).toBe(1);
  });

  it.each([
    ['restrictedResources', {}],
    ['restrictedResources', { restrictedResources: [] }],
    ['restrictedResources', { restrictedResources: Array(51).fill(ORDERS.restrictedResources[0]) }],
    ['restrictedResources.0', { restrictedResources: ['/orders/v0/orders'] }],
    [
      'restrictedResources.0.method',
      { restrictedResources: [{ method: 'PATCH', path: '/orders/v0/orders' }] },
    ],
    ['restrictedResources.0.method', { restrictedResources: [{ path: '/orders/v0/orders' }] }],
    ['restrictedResources.0.path', { restrictedResources: [{ method: 'GET' }] }],
    ['restrictedResources.0.path', resource('orders/v0/orders')],
    ['restrictedResources.0.path', resource('//example.com/orders')],
    ['restrictedResources.0.path', resource('https://example.com/orders')],
    ['restrictedResources.0.path', resource('/orders/../reports')],
    ['restrictedResources.0.path', resource('/orders/%2E%2e/reports')],
    ['restrictedResources.0.path', resource('/orders?x=1')],
    ['restrictedResources.0.path', resource('/orders#x')],
    ['restrictedResources.0.path', resource('/orders\\v0')],
    ['restrictedResources.0.path', resource('/orders v0')],
    ['restrictedResources.0.path', resource('/orders\n')],
    ['restrictedResources.0.path', resource('/Bestellungen/ä')],
    ['restrictedResources.0.path', resource(`/${'a'.repeat(1024)}`)],
    [
      'restrictedResources.0.dataElements',
      { restrictedResources: [{ ...ORDERS.restrictedResources[0], dataElements: 'all' }] },
    ],
    [
      'restrictedResources.0.dataElements',
      { restrictedResources: [{ ...ORDERS.restrictedResources[0], dataElements: ['a b'] }] },
    ],
    [
      'restrictedResources.0.colour',
      { restrictedResources: [{ ...ORDERS.restrictedResources[0], colour: 'red' }] },
    ],
    ['targetApplication', { ...ORDERS, targetApplication: '' }],
    ['region', { ...ORDERS, region: 'EU' }],
  ])('are refused for a bad %s without asking Amazon (%j)', async (path, body) => {
    const answer = await issue(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(answer.body.errors).toContainEqual({ path, message: expect.any(String) });
    expect(amazon.calls).toEqual([]);
  });

  it.each([
    ['a resource of any order', resource('/orders/v0/orders/{orderId}/address')],
    ['a report with dots in its id', resource('/reports/2021-06-30/documents/amzn1.spdoc.1.4.na.1-2')],
    ['a path of 1024 characters', resource(`/${'a'.repeat(1023)}`)],
    ['50 resources', { restrictedResources: Array(50).fill(ORDERS.restrictedResources[0]) }],
    [
      'a kind of data that Amazon may add',
      { restrictedResources: [{ ...ORDERS.restrictedResources[0], dataElements: ['giftMessage'] }] },
    ],
  ])('are given for %s', async (_what, body) => {
    expect((await issue(body)).status).toBe(200);
    expect(JSON.parse(asked()[0]?.body ?? '')).toEqual(body);
  });

  it('are refused in the words of Amazon when it finds the request not valid', async () => {
    const fault = { code: 'InvalidRequest', message: 'Request has invalid parameters' };
    amazonAnswers({
      status: 400,
      body: {
        errors: [
          { ...fault, details: 'Resource /orders is not restricted.' },
          { ...fault, details: 'Invalid target application.' },
        ],
      },
    });
    const { status, body } = await issue();
    expect([status, body.code, body.errors]).toEqual([
      400,
      'invalid_request',
      [
        { path: 'restrictedResources', message: `${fault.message} Resource /orders is not restricted.` },
        { path: 'targetApplication', message: `${fault.message} Invalid target application.` },
      ],
    ]);
  });

  it('are forbidden when Amazon denies them, and nothing is tried again', async () => {
    amazonAnswers(denial('The role is missing.'));
    const { status, body } = await issue();
    expect([status, body.code]).toEqual([403, 'forbidden']);
    expect(body.detail).toContain('Access to requested resource is denied. The role is missing.');
    expect([asked().length, refreshes()]).toEqual([1, 1]);
  });

  it('come at the second try with a new access token when Amazon has ended the first', async () => {
    await issue();
    amazonAnswers(EXPIRED);
    const { status, body } = await issue();
    expect([status, body.restrictedDataToken]).toEqual([200, expect.stringMatching(/^Atz\.sprdt\|/)]);
    const [, rejected, renewed] = asked().map(({ headers }) => headers['x-amz-access-token']);
    expect(renewed).not.toBe(rejected);
    expect([asked().length, refreshes()]).toEqual([3, 2]);
  });

  it('are forbidden when Amazon rejects the new access token too', async () => {
    amazonAnswers(EXPIRED, EXPIRED);
    const { status, body } = await issue();
    expect([status, body.code]).toEqual([403, 'forbidden']);
    expect(asked()).toHaveLength(2);
  });

  it('are unavailable when Amazon has ended the access token and gives no other', async () => {
    await issue();
    await simulator.partner(partner, { scenario: 'error500' });
    amazonAnswers(EXPIRED);
    const { status, headers, body } = await issue();
    expect([status, body.code]).toEqual([503, 'amazon_unavailable']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(asked()).toHaveLength(2);
  });

  it('need a new authorization when the seller has revoked the old one', async () => {
    await issue();
    await simulator.partner(partner, { scenario: 'revoked' });
    const { status, body } = await issue();
    expect([status, body.code]).toEqual([409, 'reauthorization_required']);
  });

  it('say whose matter it is when the client secret of the application has expired', async () => {
    amazonAnswers(denial('The LWA secret token you provided has expired.'));
    const { status, body } = await issue();
    expect([status, body.code]).toEqual([503, 'application_credentials_rejected']);
  });

  it("are limited as Amazon limits them, and Amazon's Retry-After is passed on", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => issue()));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers, body } of refused)
      expect([headers.get('retry-after'), body.code]).toEqual(['1', 'rate_limited']);
    amazonAnswers({ status: 429, body: {}, headers: { 'retry-after': '42' } });
    expect((await issue()).headers.get('retry-after')).toBe('42');
  });

  it.each([
    ['fails', { status: 500, body: {} }],
    ['is in maintenance', { status: 503, body: {}, headers: { 'retry-after': '9' } }],
    ['answers with something else', { status: 200, body: { payload: { restrictedDataToken: 'x' } } }],
  ])('are unavailable while Amazon %s', async (_what, instead) => {
    amazonAnswers(instead);
    const { status, headers, body } = await issue();
    expect([status, body.code]).toEqual([503, 'amazon_unavailable']);
    expect(headers.get('retry-after')).toBe(instead.status === 503 ? '9' : '5');
  });

  it('are not given for an authorization that is unknown or disconnected', async () => {
    const unknown = await issue(ORDERS, API_KEY, randomUUID());
    expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
    await api(app.url, 'DELETE', `/api/v1/authorizations/${id}`);
    const gone = await issue();
    expect([gone.status, gone.body.code]).toEqual([410, 'disconnected']);
    expect(asked()).toEqual([]);
  });

  it('are given to no key that lacks the scope or is limited to other applications', async () => {
    await issue();
    for (const change of [{ scopes: ['admin:write'] }, { application_ids: [randomUUID()] }]) {
      const { status, body } = await issue(ORDERS, await addKey(app, change));
      expect([status, body.code]).toEqual([403, 'forbidden']);
    }
    expect(asked()).toHaveLength(1);
  });

  it('never put an access token that Amazon repeats in an error into the answer or the log', async () => {
    amazon.intercept = (call) =>
      isForRdt(call) ? denial(`Bad token ${call.headers['x-amz-access-token'] as string}`) : undefined;
    const { body } = await issue();
    const token = asked()[0]?.headers['x-amz-access-token'] as string;
    expect(body.detail).toContain('Bad token …');
    expect(app.log()).not.toContain(token);
  });
});
