import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLICATION, startSimulator, type TestSimulator } from '../testing.js';

const SELLER = 'A2SIMULATEDDE1';
const REDIRECT_URI = 'http://localhost:3000/sp-api/auth';
const { applicationId } = APPLICATION;

describe('Manage Your Apps', () => {
  let simulator: TestSimulator;
  let refreshToken: string;
  beforeEach(async () => {
    simulator = await startSimulator();
    refreshToken = await connect();
  });
  afterEach(() => simulator.close());

  const post = (path: string, fields: Record<string, string> = {}) =>
    fetch(simulator.url + path, {
      method: 'POST',
      body: new URLSearchParams({ application_id: applicationId, selling_partner_id: SELLER, ...fields }),
      redirect: 'manual',
    });
  /** Consents by the website workflow; the answer is the refresh token. */
  async function connect(): Promise<string> {
    const fields = { state: 'x', redirect_uri: REDIRECT_URI, action: 'confirm' };
    return exchange(await post('/apps/authorize/consent', fields));
  }
  async function exchange(redirect: Response): Promise<string> {
    const target = new URL(redirect.headers.get('location') ?? '');
    const code = target.searchParams.get('spapi_oauth_code') ?? '';
    const { body } = await simulator.token({ grant_type: 'authorization_code', code });
    return body['refresh_token'] ?? '';
  }
  const refresh = async (token: string) => {
    const { status, body } = await simulator.token({ grant_type: 'refresh_token', refresh_token: token });
    return status === 200 ? 'works' : body['error_description'];
  };
  const page = async (partner = SELLER) =>
    (await simulator.json<string>('GET', `/apps/manage?selling_partner_id=${partner}`)).body;
  const lapse = () => simulator.json('PUT', `/_simulator/selling-partners/${SELLER}`, { scenario: 'lapsed' });

  it('asks for an account first, and shows to each what it has authorized', async () => {
    const { body } = await simulator.json<string>('GET', '/apps/manage');
    expect(body).toContain('Show applications');
    expect(body).not.toContain('Re-Authorize');
    expect(await page()).toMatch(/Regrant \(simulated\)[^]*active, authorized on[^]*Re-Authorize[^]*Disable/);
    expect(await page('A2SIMULATEDUS1')).toContain('has authorized no application');
  });

  it('re-authorizes by the way of the Appstore, for this account alone', async () => {
    const [, link = ''] = /href="([^"]*)"[^>]*>Re-Authorize</.exec(await page()) ?? [];
    const accept = await simulator.json<string>('GET', link.replaceAll('&amp;', '&'));
    expect(accept.status).toBe(200);
    expect(accept.body.match(/name="selling_partner_id"/g)).toHaveLength(1);
    const logIn = await (await post('/appstore/consent', { action: 'confirm' })).text();
    expect(logIn).toContain('http://localhost:3000/sp-api/login?amazon_callback_uri=');
  });

  it('takes the authorization back on Disable, of this application only', async () => {
    const other = { client_id: 'other', client_secret: 'secret of the other' };
    const path = '/_simulator/applications/other';
    await simulator.json('PUT', path, { clientId: 'other', clientSecrets: [other.client_secret] });
    const grant = { applicationId: 'other', sellingPartnerId: SELLER };
    const elsewhere = (await simulator.json('POST', '/_simulator/grants', grant)).body['refreshToken'];
    expect(await refresh(refreshToken)).toBe('works');
    expect((await post('/apps/manage/disable')).status).toBe(303);
    expect(await refresh(refreshToken)).toMatch(/User may have revoked/);
    expect(await page()).toMatch(/disabled, authorized on[^]*Authorize Now/);
    const stillGranted = { grant_type: 'refresh_token', refresh_token: String(elsewhere), ...other };
    expect((await simulator.token(stillGranted)).status).toBe(200);

    simulator.advance(1000);
    const renewed = await connect();
    expect(await refresh(renewed)).toBe('works');
    expect(await refresh(refreshToken)).toMatch(/User may have revoked/);
  });

  it('offers only Enable Authorization once it has lapsed, which leads past the log-in page without a state', async () => {
    await lapse();
    expect(await refresh(refreshToken)).toMatch(/User may have revoked/);
    const content = await page();
    expect(content).toContain('Enable Authorization');
    expect(content).not.toMatch(/Re-Authorize|Disable/);

    simulator.advance(1000);
    const response = await post('/apps/manage/enable');
    expect(response.status).toBe(302);
    const target = new URL(response.headers.get('location') ?? '');
    expect(target.origin + target.pathname).toBe(REDIRECT_URI);
    expect([...target.searchParams.keys()]).toEqual(['selling_partner_id', 'spapi_oauth_code']);
    expect(await refresh(await exchange(response))).toBe('works');
    expect(await refresh(refreshToken)).toMatch(/User may have revoked/);
    expect(await page()).toContain('Re-Authorize');
  });

  it('cannot enable without a redirect URI to go to, or where no page ever was', async () => {
    await simulator.json('PUT', `/_simulator/applications/${applicationId}`, { redirectUris: [] });
    expect((await post('/apps/manage/enable')).status).toBe(302);
    await simulator.refreshToken('A2SIMULATEDUS1');
    const without = await post('/apps/manage/enable', { selling_partner_id: 'A2SIMULATEDUS1' });
    expect(await without.text()).toContain('MD9100');
    const unknown = { selling_partner_id: 'A2SIMULATEDJP1' };
    expect((await post('/apps/manage/enable', unknown)).status).toBe(400);
    expect((await post('/apps/manage/disable', unknown)).status).toBe(400);
  });

  it('knows an authorization by its refresh token when the world was made anew', async () => {
    await simulator.json('POST', '/_simulator/reset');
    expect(await page()).toContain('has authorized no application');
    await refresh(refreshToken);
    expect(await page()).toContain('Re-Authorize');
  });
});
