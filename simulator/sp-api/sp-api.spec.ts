import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLICATION, startSimulator, type TestSimulator } from '../testing.js';

const refusal = (details: string) => ({
  errors: [{ code: 'Unauthorized', message: 'Access to requested resource is denied.', details }],
});

describe('the Sellers API', () => {
  let simulator: TestSimulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  const accessToken = (sellingPartnerId: string) => simulator.accessToken(sellingPartnerId);

  async function participations(token: string | null, prefix = '') {
    const headers: Record<string, string> = token === null ? {} : { 'x-amz-access-token': token };
    const response = await fetch(`${simulator.url}${prefix}/sellers/v1/marketplaceParticipations`, {
      headers,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text };
  }

  it('lists where a seller sells, in the words of the model', async () => {
    const { status, headers, text } = await participations(await accessToken('A2SIMULATEDUS2'), '/na');
    expect(status).toBe(200);
    expect(headers.get('x-amzn-requestid')).toBeTruthy();
    const marketplace = {
      id: 'ATVPDKIKX0DER',
      name: 'Amazon.com',
      countryCode: 'US',
      defaultCurrencyCode: 'USD',
      defaultLanguageCode: 'en_US',
      domainName: 'www.amazon.com',
    };
    const participation = { isParticipating: true, hasSuspendedListings: false };
    expect(JSON.parse(text)).toEqual({
      payload: [{ marketplace, storeName: 'Blue Kettle Goods', participation }],
    });
  });

  it('takes the path without a region for North America', async () => {
    expect((await participations(await accessToken('A2SIMULATEDUS1'))).status).toBe(200);
    expect((await participations(await accessToken('A2SIMULATEDDE1'))).status).toBe(403);
  });

  it('answers each region at its own endpoint only', async () => {
    const answers = async (partner: string) => {
      const token = await accessToken(partner);
      const all = await Promise.all(['/na', '/eu', '/fe'].map((prefix) => participations(token, prefix)));
      return all.map(({ status }) => status);
    };
    expect(await answers('A2SIMULATEDDE1')).toEqual([403, 200, 403]);
    expect(await answers('A2SIMULATEDJP1')).toEqual([403, 403, 200]);
  });

  it('lists nothing, with success, for a partner in the scenario wrongRegion', async () => {
    const { status, text } = await participations(await accessToken('A2WRONGREGION1'));
    expect([status, JSON.parse(text)]).toEqual([200, { payload: [] }]);
  });

  it('refuses vendors and grantless tokens without details', async () => {
    const scope = 'sellingpartnerapi::notifications';
    const grantless = await simulator.token({ grant_type: 'client_credentials', scope });
    for (const token of [await accessToken('A2SIMVENDORUS1'), grantless.body['access_token'] ?? '']) {
      const { status, text } = await participations(token);
      expect([status, JSON.parse(text)]).toEqual([403, refusal('')]);
    }
  });

  it('tells why it refuses an access token', async () => {
    const invalid = refusal('The access token you provided is revoked, malformed or invalid.');
    const token = await accessToken('A2SIMULATEDUS1');
    const body = async (of: string | null) => JSON.parse((await participations(of)).text) as unknown;
    expect(await body(null)).toEqual(refusal('Access token is missing in the request header.'));
    expect(await body('Atza|x')).toEqual(invalid);

    const path = '/_simulator/selling-partners/A2SIMULATEDUS1';
    await simulator.json('PUT', path, { scenario: 'revoked' });
    expect(await body(token)).toEqual(invalid);
    await simulator.json('PUT', path, { scenario: 'normal' });

    const application = `/_simulator/applications/${APPLICATION.applicationId}`;
    await simulator.json('PUT', application, { scenario: 'secretExpired' });
    expect(await body(token)).toEqual(refusal('The LWA secret token you provided has expired.'));

    simulator.advance(3600_000);
    expect(await body(token)).toEqual(refusal('The access token you provided has expired.'));
  });

  it.each([
    ['throttled', 429],
    ['error500', 500],
    ['garbage', 200],
  ])('misbehaves when the partner is scripted as %s', async (scenario, expected) => {
    const token = await accessToken('A2SIMULATEDUS1');
    await simulator.json('PUT', '/_simulator/selling-partners/A2SIMULATEDUS1', { scenario });
    expect((await participations(token)).status).toBe(expected);
  });
});
