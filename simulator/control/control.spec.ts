import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createSimulator } from '../simulator.js';
import { APPLICATION, startSimulator, type TestSimulator } from '../testing.js';

const PARTNER = '/_simulator/selling-partners/A2SIMULATEDUS1';
const APP = `/_simulator/applications/${APPLICATION.applicationId}`;

describe('the control API', () => {
  let simulator: TestSimulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  it('shows the world', async () => {
    const { body } = await simulator.json<{ applications: unknown[]; sellingPartners: object[] }>(
      'GET',
      '/_simulator',
    );
    expect(body.applications).toEqual([
      {
        applicationId: APPLICATION.applicationId,
        clientId: APPLICATION.clientId,
        clientSecrets: [{ clientSecret: APPLICATION.clientSecret, expiresAt: null }],
        name: 'Regrant (simulated)',
        type: 'public',
        draft: false,
        listed: true,
        sellerLimit: 25,
        selfAuthorizationLimit: 10,
        loginUri: 'http://localhost:3000/sp-api/login',
        redirectUris: null,
        enrolledForRotation: false,
        scenario: 'normal',
        delayMs: 30_000,
      },
    ]);
    expect(body.sellingPartners).toContainEqual(
      expect.objectContaining({ sellingPartnerId: 'A2REVOKED00001', scenario: 'revoked' }),
    );
  });

  it('changes of a selling partner only what is stated', async () => {
    const before = await simulator.json('GET', PARTNER);
    const changed = await simulator.json('PUT', PARTNER, { scenario: 'slow', delayMs: 5 });
    expect(changed).toMatchObject({ status: 200, body: { ...before.body, scenario: 'slow', delayMs: 5 } });
    expect((await simulator.json('GET', PARTNER)).body).toEqual(changed.body);
  });

  it('gives a partner that moves the usual marketplaces of its new region', async () => {
    const { body } = await simulator.json('PUT', PARTNER, { region: 'FE' });
    expect(body).toMatchObject({ region: 'FE', marketplaceIds: ['A1VC38T7YXB528'] });
  });

  it('makes partners and applications that do not exist', async () => {
    const vendor = { partnerType: 'vendor', region: 'EU', name: 'New Vendor' };
    const made = await simulator.json('PUT', '/_simulator/selling-partners/NEWVENDOR', vendor);
    expect(made.body).toMatchObject({ sellingPartnerId: 'NEWVENDOR', ...vendor, scenario: 'normal' });
    const app = await simulator.json('PUT', '/_simulator/applications/new', { draft: true });
    expect(app.body).toMatchObject({ applicationId: 'new', draft: true, clientId: expect.any(String) });
  });

  it.each([
    ['PUT', PARTNER, { shop: 'x' }, 'Unknown field shop'],
    ['PUT', PARTNER, { scenario: 'sleepy' }, 'scenario must be one of normal, revoked'],
    ['PUT', PARTNER, { delayMs: -1 }, 'delayMs must be'],
    ['PUT', PARTNER, { marketplaceIds: ['A1PA6795UKMFR9'] }, 'NA has no marketplace A1PA6795UKMFR9'],
    ['PUT', PARTNER, [], 'The body must be a JSON object'],
    ['PUT', '/_simulator/selling-partners/a%20b', {}, 'A selling partner id must'],
    ['PUT', APP, { constructor: 'x' }, 'Unknown field constructor'],
    ['PUT', PARTNER, { comesBackAs: 'a b' }, 'comesBackAs must consist of'],
    ['PUT', APP, { loginUri: 'localhost:3000' }, 'loginUri must be an http or https address'],
    ['PUT', APP, { clientSecrets: [{}] }, 'clientSecret is missing'],
    ['PUT', APP, { clientSecrets: [{ clientSecret: 'x', expiresAt: 'soon' }] }, 'expiresAt must be a time'],
    ['POST', `${APP}/client-secrets`, { overlapSeconds: -1 }, 'overlapSeconds must be a whole number'],
    ['PUT', '/_simulator/usage-plans', { mode: 'maybe' }, 'mode must be one of'],
    ['PUT', APP, { sellerLimit: 1.5 }, 'sellerLimit must be a whole number'],
    ['PUT', APP, { draft: 'yes' }, 'draft must be true or false'],
    ['PUT', APP, { redirectUris: 'x' }, 'redirectUris must be a list'],
    ['PUT', '/_simulator/applications/new', { clientId: APPLICATION.clientId }, 'clientId belongs to'],
    ['POST', '/_simulator/codes', { applicationId: 'x', sellingPartnerId: 'y' }, 'There is no application x'],
    ['POST', '/_simulator/grants', { applicationId: 'x' }, 'sellingPartnerId is missing'],
    ['PUT', '/_simulator/smtp', { mode: 'off' }, 'mode must be one of'],
  ])('refuses %s %s with %j', async (method, path, body, message) => {
    const answer = await simulator.json(method, path, body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(answer.body).toHaveProperty('message', expect.stringContaining(message));
  });

  it('knows nothing of what does not exist', async () => {
    for (const path of ['selling-partners/NOBODY', 'applications/none', 'mails/none']) {
      const answer = await simulator.json('GET', `/_simulator/${path}`);
      expect(answer).toMatchObject({ status: 404, body: { error: 'not_found' } });
    }
  });

  it('counts calls by grant, by selling partner and by error, and forgets them on request', async () => {
    const refreshToken = await simulator.refreshToken('A2SIMULATEDUS1');
    await simulator.token({ grant_type: 'refresh_token', refresh_token: refreshToken });
    await simulator.token({ grant_type: 'refresh_token', refresh_token: 'nonsense' });
    await simulator.token({
      grant_type: 'authorization_code',
      code: await simulator.code('A2SIMULATEDUS1'),
    });
    await simulator.json('GET', '/eu/sellers/v1/marketplaceParticipations');
    const { body } = await simulator.json('GET', '/_simulator/calls');
    expect(body).toEqual({
      lwa: {
        total: 3,
        authorization_code: 1,
        refresh_token: 2,
        client_credentials: 0,
        bySellingPartner: {
          A2SIMULATEDUS1: { total: 2, authorization_code: 1, refresh_token: 1, client_credentials: 0 },
        },
        errors: { invalid_grant: 1 },
      },
      spApi: {
        total: 1,
        marketplaceParticipations: 1,
        vendorOrders: 0,
        restrictedDataTokens: 0,
        clientSecretRotations: 0,
      },
      consent: { shown: 0, confirmed: 0, cancelled: 0 },
    });
    expect((await simulator.json('DELETE', '/_simulator/calls')).status).toBe(204);
    expect((await simulator.json('GET', '/_simulator/calls')).body).toMatchObject({ lwa: { total: 0 } });
  });

  it('makes the world anew on reset, codes included', async () => {
    const code = await simulator.code('A2SIMULATEDUS1');
    await simulator.json('PUT', PARTNER, { scenario: 'garbage' });
    await simulator.json('PUT', APP, { scenario: 'error500' });
    expect((await simulator.json('POST', '/_simulator/reset')).status).toBe(204);
    expect((await simulator.json('GET', PARTNER)).body).toMatchObject({ scenario: 'normal' });
    expect((await simulator.json('GET', APP)).body).toMatchObject({ scenario: 'normal' });
    expect((await simulator.token({ grant_type: 'authorization_code', code })).status).toBe(400);
  });

  it('gives the default application the log-in URI that the simulator was started with', async () => {
    const loginUri = 'https://regrant.example/sp-api/login';
    const other = createSimulator({ port: 0, smtpPort: 0, loginUri });
    const { url } = await other.listen();
    const answer = await fetch(url + APP);
    expect(await answer.json()).toMatchObject({ loginUri });
    await other.close();
  });

  it('explains itself at the root', async () => {
    const { status, body } = await simulator.json<string>('GET', '/');
    expect(status).toBe(200);
    expect(body).toContain('/_simulator/mailbox');
  });
});
