import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseConfig } from '../../src/config/config.js';
import { HttpLwaProvider } from '../../src/lwa/http-lwa-provider.js';
import { HttpSpApi } from '../../src/lwa/http-sp-api.js';
import { Marketplaces } from '../../src/lwa/marketplaces.js';
import { type RestrictedDataTokenRequest } from '../../src/lwa/sp-api.js';
import { AmazonProxy, type SeenCall } from '../support/amazon-proxy.js';
import { TestClock } from '../support/app.js';
import { randomPartner } from '../support/people.js';
import { APPLICATION, Simulator } from '../support/simulator.js';
import { AmazonModel, type SentRequest } from './amazon-model.js';

describe("Regrant asks as Amazon's models say:", () => {
  const clock = new TestClock();
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let spApi: HttpSpApi;
  let accessToken: string;
  beforeAll(async () => {
    simulator = await Simulator.start();
    amazon = await AmazonProxy.start(simulator.url);
    const config = parseConfig({ ...simulator.settings, ...amazon.settings });
    spApi = new HttpSpApi(new Marketplaces(config), clock);
    const client = { clientId: APPLICATION.LWA_CLIENT_ID, clientSecret: APPLICATION.LWA_CLIENT_SECRET };
    const refreshToken = await simulator.selfAuthorize(randomPartner());
    ({ accessToken } = await new HttpLwaProvider(config, clock).refresh(client, refreshToken));
  });
  beforeEach(() => {
    amazon.calls.length = 0;
  });
  afterAll(async () => {
    amazon.stop();
    await simulator.stop();
  });

  /** The only call that Regrant made, at the endpoint of North America. */
  function sent(): SentRequest & Pick<SeenCall, 'headers'> {
    expect(amazon.calls).toHaveLength(1);
    const { method, path, headers, body } = amazon.calls[0] as SeenCall;
    const { pathname, searchParams: query } = new URL(path, amazon.url);
    expect(pathname).toMatch(/^\/na\//);
    const contentType = headers['content-type'] ?? null;
    return { method, path: pathname.replace('/na', ''), query, contentType, body, headers };
  }

  /** What no model says, but every call of the SP-API needs: the token, and a name to be known by. */
  function expectCallerToBeNamed({ headers }: Pick<SeenCall, 'headers'>): void {
    expect(headers['x-amz-access-token']).toBe(accessToken);
    expect(headers['user-agent']).toMatch(/^\w+\/\S+ \(Language=\w+.*\)$/);
  }

  it('getMarketplaceParticipations', async () => {
    expect(await spApi.participations('NA', accessToken)).toContain('ATVPDKIKX0DER');
    const request = sent();
    const model = AmazonModel.load('sellers.json');
    expect(model.problemsOfRequest('getMarketplaceParticipations', request)).toEqual([]);
    expectCallerToBeNamed(request);
  });

  it.each([
    ['of the least that it takes', { restrictedResources: [{ method: 'PUT', path: '/mfn/v0/shipments/1' }] }],
    [
      'of everything that it takes',
      {
        restrictedResources: Array.from({ length: 50 }, () => ({
          method: 'GET' as const,
          path: '/orders/v0/orders/{orderId}',
          dataElements: ['buyerInfo', 'shippingAddress', 'buyerTaxInformation'],
        })),
        targetApplication: 'amzn1.sellerapps.app.target',
      },
    ],
  ] satisfies [string, RestrictedDataTokenRequest][])(
    'createRestrictedDataToken %s',
    async (_what, wanted) => {
      const { restrictedDataToken } = await spApi.createRestrictedDataToken('NA', accessToken, wanted);
      expect(restrictedDataToken).toMatch(/^Atz\.sprdt\|/);
      const request = sent();
      const model = AmazonModel.load('tokens_2021-03-01.json');
      expect(model.problemsOfRequest('createRestrictedDataToken', request)).toEqual([]);
      expect(JSON.parse(request.body)).toEqual(wanted);
      expectCallerToBeNamed(request);
    },
  );
});
