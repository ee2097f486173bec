import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Answer, APPLICATION, startSimulator, type TestSimulator } from '../testing.js';

const SELLER = 'A2SIMULATEDUS1';
const VENDOR = 'A2SIMVENDORUS1';
const PARTICIPATIONS = '/na/sellers/v1/marketplaceParticipations';
const RDT = '/na/tokens/2021-03-01/restrictedDataToken';
const ROTATION = '/na/applications/2023-11-30/clientSecret';
const VENDOR_ORDERS = '/vendor/directFulfillment/orders/v1/purchaseOrders';
const ROTATION_SCOPE = 'sellingpartnerapi::client_credential:rotation';

type Errors = { errors: { code: string; details: string }[] };

describe('the SP-API', () => {
  let simulator: TestSimulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  const call = <T = Errors>(token: string, method: string, path: string, body?: unknown) =>
    simulator.json<T>(method, path, body, { 'x-amz-access-token': token });
  const grantless = async (scope: string) =>
    (await simulator.token({ grant_type: 'client_credentials', scope })).body['access_token'] ?? '';
  const script = (body: unknown) =>
    simulator.json('PUT', `/_simulator/applications/${APPLICATION.applicationId}`, body);
  const codes = ({ status, body }: Answer<Errors>) => [status, body.errors.map(({ code }) => code)];

  describe('restricted data tokens', () => {
    const resource = { method: 'GET', path: '/orders/v0/orders/{orderId}/address' };
    const ask = async (body: unknown) => call(await simulator.accessToken(SELLER), 'POST', RDT, body);

    it('come without a payload around them, each a new one', async () => {
      const restrictedResources = [{ ...resource, dataElements: ['buyerInfo'] }];
      const body = { restrictedResources, targetApplication: 'amzn1.sellerapps.app.target' };
      const [one, two] = [await ask(body), await ask(body)];
      expect(one).toMatchObject({ status: 200 });
      expect(one.body).toEqual({
        restrictedDataToken: expect.stringMatching(/^Atz\.sprdt\|.{20,2040}$/),
        expiresIn: 3600,
      });
      expect(two.body).not.toEqual(one.body);
    });

    it.each([
      ['nothing', {}],
      ['no resource', { restrictedResources: [] }],
      ['too many resources', { restrictedResources: Array<unknown>(51).fill(resource) }],
      ['an unknown method', { restrictedResources: [{ ...resource, method: 'PATCH' }] }],
      ['a path without a slash', { restrictedResources: [{ ...resource, path: 'orders' }] }],
      ['a path with a query', { restrictedResources: [{ ...resource, path: '/orders?x=1' }] }],
      ['one bad resource among good ones', { restrictedResources: [resource, null] }],
      ['odd data elements', { restrictedResources: [{ ...resource, dataElements: 'buyerInfo' }] }],
      ['an odd target', { restrictedResources: [resource], targetApplication: 7 }],
    ])('are refused for %s', async (_case, body) => {
      expect(codes(await ask(body))).toEqual([400, ['InvalidRequest']]);
    });

    it('are refused at the endpoint of another region', async () => {
      const token = await simulator.accessToken(SELLER);
      const answer = await call(token, 'POST', RDT.replace('/na', '/eu'), {
        restrictedResources: [resource],
      });
      expect(codes(answer)).toEqual([403, ['Unauthorized']]);
    });

    it('take 50 resources', async () => {
      expect((await ask({ restrictedResources: Array<unknown>(50).fill(resource) })).status).toBe(200);
    });

    it('need JSON that can be read', async () => {
      const headers = { 'x-amz-access-token': await simulator.accessToken(SELLER) };
      const post = (type: string, body: string) =>
        fetch(simulator.url + RDT, { method: 'POST', headers: { ...headers, 'content-type': type }, body });
      const broken = await post('application/json', '{');
      expect([broken.status, await broken.json()]).toMatchObject([400, { errors: [{ details: '' }] }]);
      const xml = await post('application/xml', '<a/>');
      expect([xml.status, await xml.json()]).toMatchObject([
        415,
        { errors: [{ code: 'UnsupportedMediaType' }] },
      ]);
    });
  });

  describe('the rotation of a client secret', () => {
    it('is refused when the application has no queue for it', async () => {
      const answer = await call(await grantless(ROTATION_SCOPE), 'POST', ROTATION);
      expect(codes(answer)).toEqual([400, ['InvalidInput']]);
    });

    it('makes a secret that works at once and never comes with the answer; the old one has a week', async () => {
      await script({ enrolledForRotation: true });
      const answer = await call<string>(await grantless(ROTATION_SCOPE), 'POST', ROTATION);
      expect([answer.status, answer.body]).toEqual([204, '']);
      const { body } = await simulator.json<{ clientSecrets: { clientSecret: string; expiresAt: string }[] }>(
        'GET',
        `/_simulator/applications/${APPLICATION.applicationId}`,
      );
      expect(body.clientSecrets).toEqual([
        { clientSecret: APPLICATION.clientSecret, expiresAt: '2026-01-08T00:00:00.000Z' },
        {
          clientSecret: expect.stringMatching(/^amzn1\.oa2-cs\.v1\./),
          expiresAt: '2026-06-30T00:00:00.000Z',
        },
      ]);
    });

    it('needs a grantless token of its very scope', async () => {
      const tokens = [
        await grantless('sellingpartnerapi::notifications'),
        await simulator.accessToken(SELLER),
      ];
      for (const token of tokens)
        expect(codes(await call(token, 'POST', ROTATION))).toEqual([403, ['Unauthorized']]);
      const both = await grantless(`sellingpartnerapi::notifications ${ROTATION_SCOPE}`);
      expect((await call(both, 'POST', ROTATION)).status).toBe(400);
    });
  });

  describe('the orders of vendors', () => {
    const ask = async (partner: string, prefix: string) =>
      call(await simulator.accessToken(partner), 'GET', prefix + VENDOR_ORDERS);

    it('tell a vendor, at the endpoint of its region, from a seller', async () => {
      expect(await ask(VENDOR, '/na')).toMatchObject({ status: 200, body: { payload: { orders: [] } } });
      expect(codes(await ask(VENDOR, '/eu'))).toEqual([403, ['Unauthorized']]);
      expect(codes(await ask(SELLER, '/na'))).toEqual([403, ['Unauthorized']]);
    });
  });

  describe('usage plans', () => {
    const statuses = async (count: number, one: () => Promise<{ status: number }>) => {
      const all: number[] = [];
      for (let calls = 0; calls < count; calls += 1) all.push((await one()).status);
      return all;
    };
    const participations = async (partner: string) => {
      const token = await simulator.accessToken(partner);
      return () => call(token, 'GET', PARTICIPATIONS);
    };

    it('let a burst through, then answer 429, and refill with time', async () => {
      const ask = await participations(SELLER);
      expect(await statuses(15, ask)).toEqual(Array(15).fill(200));
      const refused = await ask();
      expect(codes(refused)).toEqual([429, ['QuotaExceeded']]);
      expect(refused.headers.get('x-amzn-ratelimit-limit')).toBe('0.016');
      simulator.advance(63_000);
      expect(await statuses(2, ask)).toEqual([200, 429]);
    });

    it('count each partner and each operation by itself', async () => {
      const [one, other] = [await participations(SELLER), await participations('A2SIMULATEDUS2')];
      await statuses(15, one);
      expect((await other()).status).toBe(200);
      const token = await simulator.accessToken(SELLER);
      expect((await call(token, 'POST', RDT, {})).status).toBe(400);
    });

    it('differ by operation', async () => {
      const [partner, application] = [await simulator.accessToken(SELLER), await grantless(ROTATION_SCOPE)];
      const tokens = await statuses(11, () => call(partner, 'POST', RDT, {}));
      expect(tokens).toEqual([...Array<number>(10).fill(400), 429]);
      expect(await statuses(2, () => call(application, 'POST', ROTATION))).toEqual([400, 429]);
      simulator.advance(60_000);
      expect(await statuses(2, () => call(application, 'POST', ROTATION))).toEqual([400, 429]);
    });

    it('can be switched off, until the next reset', async () => {
      expect((await simulator.json('PUT', '/_simulator/usage-plans', { mode: 'off' })).status).toBe(200);
      expect(await statuses(20, await participations(SELLER))).toEqual(Array(20).fill(200));
      await simulator.json('POST', '/_simulator/reset');
      expect((await simulator.json('GET', '/_simulator/usage-plans')).body).toEqual({ mode: 'on' });
    });
  });
});
