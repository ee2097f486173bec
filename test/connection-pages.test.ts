import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { BrowserClient } from './support/browser-client.js';
import { api, randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

let simulator: Simulator;
let app: TestApp;
let seller: Awaited<ReturnType<typeof signUp>>;

beforeAll(async () => {
  simulator = await Simulator.start();
  app = await startTestApp(simulator.settings);
  seller = await signUp(app.url);
});
afterAll(async () => {
  await app.stop();
  await simulator.stop();
});

describe('The page of a connection', () => {
  it('promises no date to one that Amazon refuses, here and in the list', async () => {
    const partner = randomPartner();
    const { location } = await simulator.connect(seller, partner);
    expect((await seller.get(location)).body).toContain('Renew by');

    await simulator.partner(partner, { scenario: 'revoked' });
    const path = `/api/v1/authorizations/${location.split('/').pop()}/access-token`;
    expect((await api(app.url, 'POST', path, { body: { forceRefresh: true } })).status).toBe(409);
    const page = (await seller.get(location)).body;
    expect(page).toContain('Reconnect needed');
    expect(page).not.toContain('Renew by');
    expect(page).toContain('<button>Renew</button>');
    const row = new RegExp(`${partner}(?:(?!</tr>)[^])*`).exec((await seller.get('/connections')).body)?.[0];
    expect(row).not.toContain('<time');
  });

  it('offers to connect a disconnected one again, which brings the same connection back', async () => {
    const partner = randomPartner();
    const { location } = await simulator.connect(seller, partner);
    const question = await seller.submit(location, 'Disconnect');
    await seller.submitForm(question, location, 'Disconnect');
    const page = (await seller.get(location)).body;
    expect(page).not.toMatch(/Renew/);
    expect(page).not.toContain('>Disconnect<');

    const left = await seller.submit(location, 'Connect again');
    const back = await seller.get(await simulator.consent(left.location, partner));
    expect(back.location).toBe(location);
    expect((await seller.get(location)).body).toContain('<button>Renew</button>');
  });
});

describe('An address without a page', () => {
  it('still shows who is signed in, with a way to sign out that works', async () => {
    const somebody = await signUp(app.url);
    const page = await somebody.get('/no/such/page');
    expect(page.status).toBe(404);
    expect(page.body).toContain(somebody.email);
    expect((await somebody.submitForm(page, '/no/such/page', 'Sign out')).status).toBe(303);
    expect((await somebody.get('/no/such/page')).body).not.toContain(somebody.email);
  });

  it('greets nobody in a browser that we do not know', async () => {
    const { status, body } = await new BrowserClient(app.url).get('/no/such/page');
    expect(status).toBe(404);
    expect(body).not.toContain('Sign out');
  });
});
