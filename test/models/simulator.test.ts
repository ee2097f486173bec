import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomPartner } from '../support/people.js';
import { APPLICATION, Simulator } from '../support/simulator.js';
import { AmazonModel, type ReceivedResponse } from './amazon-model.js';

const PARTICIPATIONS = '/na/sellers/v1/marketplaceParticipations';
const RDT = '/na/tokens/2021-03-01/restrictedDataToken';
const ROTATION = '/na/applications/2023-11-30/clientSecret';
const ROTATION_SCOPE = 'sellingpartnerapi::client_credential:rotation';

describe("The simulator answers as Amazon's models say:", () => {
  const sellers = AmazonModel.load('sellers.json');
  const tokens = AmazonModel.load('tokens_2021-03-01.json');
  const applications = AmazonModel.load('application_2023-11-30.json');
  let simulator: Simulator;
  let partner: string;
  beforeAll(async () => {
    simulator = await Simulator.start();
  });
  beforeEach(() => {
    partner = randomPartner();
  });
  afterAll(() => simulator.stop());

  async function lwa(parameters: Record<string, string>): Promise<string> {
    const client = { client_id: APPLICATION.LWA_CLIENT_ID, client_secret: APPLICATION.LWA_CLIENT_SECRET };
    const body = new URLSearchParams({ ...client, ...parameters });
    const response = await fetch(`${simulator.url}/auth/o2/token`, { method: 'POST', body });
    return ((await response.json()) as { access_token: string }).access_token;
  }
  const accessToken = async () =>
    lwa({ grant_type: 'refresh_token', refresh_token: await simulator.selfAuthorize(partner) });
  const grantless = () => lwa({ grant_type: 'client_credentials', scope: ROTATION_SCOPE });

  async function call(
    method: string,
    path: string,
    token: string,
    content?: { type: string; body: string },
  ): Promise<ReceivedResponse> {
    const response = await fetch(`${simulator.url}${path}`, {
      method,
      headers: { 'x-amz-access-token': token, ...(content && { 'content-type': content.type }) },
      ...(content && { body: content.body }),
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }
  const json = (body: unknown) => ({ type: 'application/json', body: JSON.stringify(body) });
  const resource = { method: 'GET', path: '/orders/v0/orders/{orderId}/address' };
  const rdt = (token: string, content = json({ restrictedResources: [resource] })) =>
    call('POST', RDT, token, content);

  const expectModelled = (
    model: AmazonModel,
    operationId: string,
    response: ReceivedResponse,
    status: number,
  ) => expect([response.status, model.problemsOfResponse(operationId, response)]).toEqual([status, []]);

  it('getMarketplaceParticipations for a seller', async () => {
    const response = await call('GET', PARTICIPATIONS, await accessToken());
    expectModelled(sellers, 'getMarketplaceParticipations', response, 200);
    expect(response.body).toContain('ATVPDKIKX0DER');
  });

  it('getMarketplaceParticipations of a seller in every marketplace', async () => {
    const world = (await (await fetch(`${simulator.url}/_simulator`)).json()) as {
      sellingPartners: { sellingPartnerId: string; region: string; partnerType: string; scenario: string }[];
    };
    for (const one of world.sellingPartners) {
      if (one.partnerType !== 'seller' || one.scenario !== 'normal') continue;
      partner = one.sellingPartnerId;
      const path = PARTICIPATIONS.replace('na', one.region.toLowerCase());
      const response = await call('GET', path, await accessToken());
      expectModelled(sellers, 'getMarketplaceParticipations', response, 200);
    }
  });

  it.each([
    [403, 'revoked'],
    [429, 'throttled'],
    [500, 'error500'],
    [200, 'wrongRegion'],
  ])('getMarketplaceParticipations with status %d for a partner that is %s', async (status, scenario) => {
    const token = await accessToken();
    await simulator.partner(partner, { scenario });
    const response = await call('GET', PARTICIPATIONS, token);
    expectModelled(sellers, 'getMarketplaceParticipations', response, status);
  });

  it('any operation without an access token', async () => {
    expectModelled(sellers, 'getMarketplaceParticipations', await call('GET', PARTICIPATIONS, ''), 403);
    expectModelled(tokens, 'createRestrictedDataToken', await rdt(''), 403);
    const rotation = await call('POST', ROTATION, '');
    expectModelled(applications, 'rotateApplicationClientSecret', rotation, 403);
  });

  it('createRestrictedDataToken, and its refusal of what the model does not know', async () => {
    const token = await accessToken();
    expectModelled(tokens, 'createRestrictedDataToken', await rdt(token), 200);
    expectModelled(tokens, 'createRestrictedDataToken', await rdt(token, json({})), 400);
    const broken = { type: 'application/json', body: '{' };
    expectModelled(tokens, 'createRestrictedDataToken', await rdt(token, broken), 400);
    const xml = { type: 'application/xml', body: '<a/>' };
    expectModelled(tokens, 'createRestrictedDataToken', await rdt(token, xml), 415);
  });

  it('createRestrictedDataToken beyond its usage plan', async () => {
    const token = await accessToken();
    const answers = await Promise.all(Array.from({ length: 20 }, () => rdt(token)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of answers)
      expect(tokens.problemsOfResponse('createRestrictedDataToken', answer)).toEqual([]);
  });

  it('rotateApplicationClientSecret, enrolled or not, and beyond its usage plan', async () => {
    const rotate = async () => call('POST', ROTATION, await grantless());
    expectModelled(applications, 'rotateApplicationClientSecret', await rotate(), 400);
    expectModelled(applications, 'rotateApplicationClientSecret', await rotate(), 429);
    await simulator.usagePlans('off');
    await simulator.application({ enrolledForRotation: true });
    expectModelled(applications, 'rotateApplicationClientSecret', await rotate(), 204);
    await simulator.usagePlans('on');
  });
});
