import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLICATION, startSimulator, type TestSimulator } from '../testing.js';

const REDIRECT_URI = 'http://localhost:3000/sp-api/auth';
const request = {
  application_id: APPLICATION.applicationId,
  state: 'a state/+&=',
  redirect_uri: REDIRECT_URI,
};

describe('the consent page', () => {
  let simulator: TestSimulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  const open = (parameters: Record<string, string>) =>
    simulator.json<string>('GET', `/apps/authorize/consent?${new URLSearchParams(parameters).toString()}`);
  const decide = (fields: Record<string, string>) =>
    fetch(`${simulator.url}/apps/authorize/consent`, {
      method: 'POST',
      body: new URLSearchParams({ ...request, action: 'confirm', ...fields }),
      redirect: 'manual',
    });
  const scriptApplication = (body: unknown) =>
    simulator.json('PUT', `/_simulator/applications/${APPLICATION.applicationId}`, body);
  const consentCounts = async () =>
    (await simulator.json<{ consent: unknown }>('GET', '/_simulator/calls')).body.consent;

  it('shows the application, sellers and vendors with their regions, and both buttons', async () => {
    const { status, headers, body } = await open(request);
    expect(status).toBe(200);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    for (const text of ['Seller Central (simulated)', 'Regrant (simulated)', 'Confirm', 'Cancel']) {
      expect(body).toContain(text);
    }
    expect(body).toContain('Seller, North America (US, CA, MX)');
    expect(body).toContain('Vendor, Europe');
    expect(body).toContain('value="a state/+&amp;="');
  });

  it('sends who confirms back with the state, the partner and a code that can be exchanged', async () => {
    const response = await decide({ selling_partner_id: 'A2SIMULATEDDE1' });
    expect(response.status).toBe(302);
    const target = new URL(response.headers.get('location') ?? '');
    expect(target.origin + target.pathname).toBe(REDIRECT_URI);
    expect(target.searchParams.get('state')).toBe(request.state);
    expect(target.searchParams.get('selling_partner_id')).toBe('A2SIMULATEDDE1');
    const code = target.searchParams.get('spapi_oauth_code') ?? '';
    const grant = { grant_type: 'authorization_code', code };
    expect(await simulator.token({ ...grant, redirect_uri: 'http://localhost/other' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect((await simulator.token({ ...grant, redirect_uri: REDIRECT_URI })).status).toBe(200);
  });

  it('keeps what the redirect URI carries in its query', async () => {
    const response = await decide({
      selling_partner_id: 'A2SIMULATEDUS1',
      redirect_uri: `${REDIRECT_URI}?a=1`,
    });
    expect(response.headers.get('location')).toMatch(/\/sp-api\/auth\?a=1&state=/);
  });

  it('lets a typed id win over the picked one and makes it a seller of the chosen region', async () => {
    const response = await decide({
      selling_partner_id: 'A2SIMULATEDUS1',
      other_selling_partner_id: ' A2TYPED0000001 ',
      other_region: 'FE',
    });
    expect(response.headers.get('location')).toContain('selling_partner_id=A2TYPED0000001');
    const made = await simulator.json('GET', '/_simulator/selling-partners/A2TYPED0000001');
    expect(made.body).toMatchObject({ partnerType: 'seller', region: 'FE', scenario: 'normal' });
  });

  it('asks again when the id is impossible or no button was pressed', async () => {
    expect((await decide({ selling_partner_id: '<script>' })).status).toBe(400);
    expect((await decide({ selling_partner_id: 'A2SIMULATEDUS1', action: '' })).status).toBe(400);
  });

  it('shows a page with a way back, and no redirect, to who cancels', async () => {
    const response = await decide({ selling_partner_id: 'A2SIMULATEDUS1', action: 'cancel' });
    expect(response.status).toBe(200);
    const page = await response.text();
    expect(page).toContain('The authorization was cancelled');
    expect(page).toContain('href="http://localhost:3000/"');
  });

  it('cancels for a partner that is scripted to cancel, and counts what happened', async () => {
    await open(request);
    expect((await decide({ selling_partner_id: 'A2CANCEL000001' })).status).toBe(200);
    expect((await decide({ selling_partner_id: 'A2SIMULATEDUS1' })).status).toBe(302);
    expect(await consentCounts()).toEqual({ shown: 1, confirmed: 1, cancelled: 1 });
  });

  it.each([
    ['an unknown application', { application_id: 'amzn1.application-oa2-client.x' }, 'MD1000'],
    ['no application', { application_id: '' }, 'MD1000'],
    ['no state', { state: '' }, 'MD9999'],
    ['a question mark for an ampersand', { application_id: 'X?version=beta' }, 'MD9999'],
    ['a redirect URI that is no loopback URI', { redirect_uri: 'https://localhost.example/' }, 'MD5101'],
    ['a redirect URI that is no URI', { redirect_uri: 'localhost' }, 'MD5101'],
    ['a redirect URI with a fragment', { redirect_uri: `${REDIRECT_URI}#x` }, 'MD5110'],
    ['no redirect URI where none is registered', { redirect_uri: '' }, 'MD9100'],
  ])('shows the error of Amazon for %s', async (_case, change, code) => {
    const { status, body } = await open({ ...request, ...change });
    expect(status).toBe(400);
    expect(body).toContain(code);
    expect((await decide({ ...change, selling_partner_id: 'A2SIMULATEDUS1' })).status).toBe(400);
    expect(await consentCounts()).toEqual({ shown: 0, confirmed: 0, cancelled: 0 });
  });

  it('takes a parameter that is given twice for malformed', async () => {
    const twice = `${new URLSearchParams(request).toString()}&state=b`;
    expect((await simulator.json<string>('GET', `/apps/authorize/consent?${twice}`)).body).toContain(
      'MD9999',
    );
  });

  it('knows the application by an id in the path too', async () => {
    const path = `/apps/authorize/consent/${APPLICATION.applicationId}`;
    expect((await simulator.json('GET', `${path}?state=x`)).status).toBe(400);
    const query = new URLSearchParams({ state: 'x', redirect_uri: REDIRECT_URI }).toString();
    const { status, body } = await simulator.json<string>('GET', `${path}?${query}`);
    expect(status).toBe(200);
    expect(body).toContain(`value="${APPLICATION.applicationId}"`);
  });

  it.each([
    ['a private application', { type: 'private' }, 'MD1000'],
    ['a suppressed application', { scenario: 'suppressed' }, 'Application suppressed'],
    ['an application without a log-in URI', { loginUri: null }, 'MD9100'],
  ])('shows the error of Amazon for %s', async (_case, change, code) => {
    await scriptApplication(change);
    expect(await open(request)).toMatchObject({ status: 400, body: expect.stringContaining(code) });
  });

  it.each([
    ['no primary user', 'notPrimaryUser', 'SPDC8143'],
    ['a vendor group without the role', 'missingVendorRole', 'SPSA2043'],
  ])('shows the error of Amazon to %s', async (_case, scenario, code) => {
    await simulator.json('PUT', '/_simulator/selling-partners/A2SIMULATEDUS1', { scenario });
    const response = await decide({ selling_partner_id: 'A2SIMULATEDUS1' });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(code);
  });

  it('comes back in the name of another account when the partner is scripted so', async () => {
    await simulator.json('PUT', '/_simulator/selling-partners/A2SIMULATEDUS1', {
      comesBackAs: 'A2SIMULATEDDE1',
    });
    const response = await decide({ selling_partner_id: 'A2SIMULATEDUS1' });
    expect(response.headers.get('location')).toContain('selling_partner_id=A2SIMULATEDDE1&');
  });

  describe('of an application that is not listed', () => {
    beforeEach(async () => {
      await scriptApplication({ listed: false, sellerLimit: 1 });
    });

    it('stops at the limit of sellers, but lets a seller consent again and counts no vendors', async () => {
      expect((await decide({ selling_partner_id: 'A2SIMVENDORUS1' })).status).toBe(302);
      expect((await decide({ selling_partner_id: 'A2SIMULATEDUS1' })).status).toBe(302);
      expect((await decide({ selling_partner_id: 'A2SIMULATEDUS1' })).status).toBe(302);
      const late = await decide({ selling_partner_id: 'A2SIMULATEDUS2' });
      expect(late.status).toBe(400);
      expect(await late.text()).toContain('CONSENT_LIMIT_REACHED');
      expect((await decide({ selling_partner_id: 'A2SIMVENDORDE1' })).status).toBe(302);
    });

    it('has room again when a seller has revoked, or when it is listed', async () => {
      await decide({ selling_partner_id: 'A2SIMULATEDUS1' });
      await simulator.json('PUT', '/_simulator/selling-partners/A2SIMULATEDUS1', { scenario: 'revoked' });
      expect((await decide({ selling_partner_id: 'A2SIMULATEDUS2' })).status).toBe(302);
      expect((await decide({ selling_partner_id: 'A2SIMULATEDDE1' })).status).toBe(400);
      await scriptApplication({ listed: true });
      expect((await decide({ selling_partner_id: 'A2SIMULATEDDE1' })).status).toBe(302);
    });
  });

  it('finds a draft application only with version=beta', async () => {
    await scriptApplication({ draft: true });
    expect((await open(request)).body).toContain('MD1000');
    expect((await open({ ...request, version: 'beta' })).status).toBe(200);
  });

  it('accepts registered redirect URIs to the letter, and takes the first when none is named', async () => {
    await scriptApplication({ redirectUris: ['https://regrant.example/sp-api/auth', REDIRECT_URI] });
    expect((await open({ ...request, redirect_uri: `${REDIRECT_URI}/` })).body).toContain('MD5101');
    const response = await decide({ redirect_uri: '', selling_partner_id: 'A2SIMULATEDUS1' });
    expect(response.headers.get('location')).toMatch(/^https:\/\/regrant\.example\/sp-api\/auth\?state=/);
  });
});
