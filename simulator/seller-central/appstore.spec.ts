import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLICATION, startSimulator, type TestSimulator } from '../testing.js';

const REDIRECT_URI = 'http://localhost:3000/sp-api/auth';
const SELLER = 'A2SIMULATEDDE1';
const { applicationId } = APPLICATION;

describe('the Appstore workflow', () => {
  let simulator: TestSimulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  const script = (body: unknown) => simulator.json('PUT', `/_simulator/applications/${applicationId}`, body);
  const scriptPartner = (id: string, body: unknown) =>
    simulator.json('PUT', `/_simulator/selling-partners/${id}`, body);
  const accept = async (fields: Record<string, string> = {}) => {
    const body = new URLSearchParams({
      application_id: applicationId,
      selling_partner_id: SELLER,
      action: 'confirm',
      ...fields,
    });
    const response = await fetch(`${simulator.url}/appstore/consent`, { method: 'POST', body });
    return { status: response.status, page: await response.text() };
  };
  /** The parameters with which Amazon loads the log-in URI. */
  const logIn = async (fields: Record<string, string> = {}) => {
    const { page } = await accept(fields);
    const [, href = ''] = /href="([^"]*)">Login to Regrant \(simulated\) now</.exec(page) ?? [];
    return new URL(href.replaceAll('&amp;', '&'));
  };
  const confirm = (address: URL, parameters: Record<string, string> = {}) => {
    const target = new URL(address.searchParams.get('amazon_callback_uri') ?? '', simulator.url);
    const all = {
      amazon_state: address.searchParams.get('amazon_state') ?? '',
      state: 'a state/+&=',
      redirect_uri: REDIRECT_URI,
      ...parameters,
    };
    target.search = new URLSearchParams(all).toString();
    return fetch(target, { redirect: 'manual' });
  };

  it('offers the public applications, and tells what is unusual about them', async () => {
    await simulator.json('PUT', '/_simulator/applications/in-house', { type: 'private', name: 'In-house' });
    await script({ draft: true, listed: false });
    const { body } = await simulator.json<string>('GET', '/appstore');
    for (const text of ['Regrant (simulated)', 'Authorize Now', 'draft', 'not listed']) {
      expect(body).toContain(text);
    }
    expect(body).not.toContain('In-house');
  });

  it('asks which seller accepts, and asks no vendor', async () => {
    const { status, headers, body } = await simulator.json<string>(
      'GET',
      `/appstore/consent?application_id=${applicationId}`,
    );
    expect(status).toBe(200);
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(body).toContain(SELLER);
    expect(body).not.toContain('A2SIMVENDORUS1');
    expect((await accept({ action: '' })).status).toBe(400);
    expect((await accept({ action: 'cancel' })).page).toContain('The authorization was cancelled');
  });

  it('leads to the log-in URI with the callback, a state full of traps, and the partner', async () => {
    await script({ loginUri: 'https://regrant.example/login?a=1' });
    const address = await logIn();
    expect(address.href).toMatch(/^https:\/\/regrant\.example\/login\?a=1&amazon_callback_uri=/);
    expect(Object.fromEntries(address.searchParams)).toEqual({
      a: '1',
      amazon_callback_uri: `${simulator.url}/apps/authorize/confirm/${applicationId}`,
      amazon_state: expect.stringMatching(/^.{100,1000}$/),
      selling_partner_id: SELLER,
    });
    const state = address.searchParams.get('amazon_state') ?? '';
    for (const character of '-_+/=') expect(state).toContain(character);
    expect(address.search).toContain('%3D');
  });

  it('names the callback without an origin when the application is scripted so', async () => {
    await script({ scenario: 'relativeCallback' });
    const address = await logIn();
    expect(address.searchParams.get('amazon_callback_uri')).toBe(`/apps/authorize/confirm/${applicationId}`);
    expect((await confirm(address)).status).toBe(302);
  });

  it('sends who comes back with its state on to the redirect URI, with a code that can be exchanged', async () => {
    const response = await confirm(await logIn());
    expect(response.status).toBe(302);
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    const target = new URL(response.headers.get('location') ?? '');
    expect(target.origin + target.pathname).toBe(REDIRECT_URI);
    const { spapi_oauth_code: code = '', ...rest } = Object.fromEntries(target.searchParams);
    expect(rest).toEqual({ state: 'a state/+&=', selling_partner_id: SELLER });
    const exchange = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI };
    expect((await simulator.token(exchange)).status).toBe(200);
  });

  it('takes the first registered redirect URI when none is named', async () => {
    await script({ redirectUris: ['https://regrant.example/auth', REDIRECT_URI] });
    const response = await confirm(await logIn(), { redirect_uri: '' });
    expect(response.headers.get('location')).toMatch(/^https:\/\/regrant\.example\/auth\?state=/);
  });

  it('wants its state back byte by byte', async () => {
    const address = await logIn();
    const state = address.searchParams.get('amazon_state') ?? '';
    for (const spoilt of [state.replaceAll('+', ' '), state.replace(/=+$/, ''), encodeURIComponent(state)]) {
      const response = await confirm(address, { amazon_state: spoilt });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('MD9999');
    }
    expect((await confirm(address)).status).toBe(302);
  });

  it('accepts its state once, for ten minutes, and for the application that it is about', async () => {
    const [first, second, third] = [await logIn(), await logIn(), await logIn()];
    expect((await confirm(first)).status).toBe(302);
    expect((await confirm(first)).status).toBe(400);

    await simulator.json('PUT', '/_simulator/applications/other', {});
    const elsewhere = new URL(third);
    elsewhere.searchParams.set('amazon_callback_uri', '/apps/authorize/confirm/other');
    expect((await confirm(elsewhere)).status).toBe(400);

    simulator.advance(10 * 60_000);
    expect((await confirm(second)).status).toBe(400);
  });

  it('wants version=beta of a draft application, and says so to its log-in page', async () => {
    await script({ draft: true });
    const address = await logIn();
    expect(address.searchParams.get('version')).toBe('beta');
    expect(await (await confirm(address)).text()).toContain('MD1000');
    expect((await confirm(address, { version: 'beta' })).status).toBe(302);
  });

  it.each([
    ['no state of the application', { state: '' }, 'MD9999'],
    ['an unregistered redirect URI', { redirect_uri: 'https://elsewhere.example/' }, 'MD5101'],
    ['no redirect URI where none is registered', { redirect_uri: '' }, 'MD9100'],
  ])('refuses to confirm with %s', async (_case, change, code) => {
    const response = await confirm(await logIn(), change);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(code);
  });

  it.each([
    ['a private application', { type: 'private' }, 'MD1000'],
    ['an application without a log-in URI', { loginUri: null }, 'MD9100'],
    ['a suppressed application', { scenario: 'suppressed' }, 'Application suppressed'],
  ])('refuses %s', async (_case, change, code) => {
    await script(change);
    const path = `/appstore/consent?application_id=${applicationId}`;
    expect((await simulator.json<string>('GET', path)).body).toContain(code);
    expect((await accept()).page).toContain(code);
  });

  it('refuses a partner that may not consent', async () => {
    await scriptPartner(SELLER, { scenario: 'notPrimaryUser' });
    expect((await accept()).page).toContain('SPDC8143');
    await scriptPartner(SELLER, { scenario: 'missingVendorRole' });
    expect((await accept()).page).toContain('SPSA2043');
  });

  it('comes back in the name of another account when the partner is scripted so', async () => {
    await scriptPartner(SELLER, { comesBackAs: 'A2SIMULATEDUS1' });
    const address = await logIn();
    expect(address.searchParams.get('selling_partner_id')).toBe(SELLER);
    const response = await confirm(address);
    expect(response.headers.get('location')).toContain('selling_partner_id=A2SIMULATEDUS1&');
  });
});
