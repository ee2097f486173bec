import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Page } from 'playwright-core';
import { api } from '../support/people.js';
import { connect, consent, PASSWORD, signUp } from './support/seller.js';
import { connectLink } from './support/tour.js';
import { Website } from './support/website.js';

const PARTNER = 'A2SIMULATEDUS1';
const AMERICAN_SELLER = {
  sellingPartnerId: PARTNER,
  accountType: 'Seller',
  marketplace: 'United States',
} as const;

let site: Website;
beforeAll(async () => {
  site = await Website.open();
  await site.simulator.application({ loginUri: `${site.app.url}/sp-api/login` });
});
afterAll(() => site.close());
afterEach(() => site.sendHome());

describe('in the browser', () => {
  let page: Page;
  beforeEach(async () => {
    page = await site.visitor();
    // An Amazon account belongs to one account here: each test starts without any.
    await site.app.database.query('TRUNCATE authorizations CASCADE');
    await site.simulator.partner(PARTNER, { scenario: 'normal' });
  });

  const atAmazon = (path: string) => page.goto(`${site.simulator.url}${path}`);
  /** Accepts at Amazon and follows "Login to … now". */
  const accept = async (): Promise<void> => {
    await page.getByRole('radio', { name: new RegExp(PARTNER) }).check();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('link', { name: /^Login to/ }).click();
  };
  const confirm = async (): Promise<void> => {
    await page.getByRole('heading', { name: 'Connect this Amazon account?' }).waitFor();
    await page.getByRole('button', { name: 'Continue to Amazon' }).click();
    await page.waitForURL(/\/connections\/[\da-f-]{36}$/);
  };
  const workflow = async () =>
    (await site.app.database.query('SELECT workflow FROM authorizations')).map(
      ({ workflow: one }) => one as string,
    );

  it('a seller who is new here comes from the Appstore, signs up on the way, and is connected', async () => {
    await atAmazon('/appstore');
    await page.getByRole('link', { name: 'Authorize Now' }).first().click();
    await accept();
    await page.getByRole('link', { name: 'Sign up' }).click();
    const email = `appstore-${Date.now()}@example.com`;
    await page.getByRole('textbox', { name: 'Email' }).fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign up' }).click();
    await confirm();
    expect(await page.getByText(PARTNER).isVisible()).toBe(true);
    expect(await workflow()).toEqual(['appstore']);
  });

  it('a seller who signed out re-authorizes at Amazon, and the connection stays the same', async () => {
    const email = await signUp(page);
    await connect(page, AMERICAN_SELLER);
    const address = page.url();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await atAmazon(`/apps/manage?selling_partner_id=${PARTNER}`);
    await page.getByRole('link', { name: 'Re-Authorize' }).click();
    await accept();
    await page.getByRole('textbox', { name: 'Email' }).fill(email);
    await page.getByLabel('Password').fill('a wrong password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await confirm();
    expect(page.url()).toBe(address);
  });

  it('a lapsed seller who enables the authorization at Amazon is led to connect again', async () => {
    const email = await signUp(page);
    await connect(page, AMERICAN_SELLER);
    const address = page.url();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await site.simulator.partner(PARTNER, { scenario: 'lapsed' });
    await atAmazon(`/apps/manage?selling_partner_id=${PARTNER}`);
    const landing = `${site.app.url}/sp-api/auth`;
    await site.simulator.application({ redirectUris: [landing] });
    await page.getByRole('button', { name: 'Enable Authorization' }).click();
    await page.getByRole('heading', { name: 'Please connect from this website' }).waitFor();
    await site.simulator.application({ redirectUris: null });
    await page.getByRole('link', { name: 'Sign in and connect again' }).click();
    await page.getByRole('textbox', { name: 'Email' }).fill(email);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Continue to Amazon' }).click();
    await consent(page, PARTNER);
    expect(page.url()).toBe(address);
  });

  it('a vendor connects and renews at Vendor Central', async () => {
    await signUp(page);
    const vendor = {
      sellingPartnerId: 'A2SIMVENDORDE1',
      accountType: 'Vendor',
      marketplace: 'Germany',
    } as const;
    await connect(page, vendor);
    const address = page.url();
    await page.getByRole('button', { name: 'Renew' }).click();
    await consent(page, 'A2SIMVENDORDE1');
    expect(page.url()).toBe(address);
    expect(await page.getByRole('definition').allTextContents()).toEqual(
      expect.arrayContaining(['Vendor', 'Europe']),
    );
  });

  it('a self-authorized token of the developer’s console is shown once and works in the API', async () => {
    await atAmazon('/apps/develop');
    await page
      .getByRole('radio', { name: /A2SIMULATEDJP1/ })
      .first()
      .check();
    await page.getByRole('button', { name: 'Authorize app' }).first().click();
    const token = (await page.locator('pre').textContent())?.trim();
    const { status, body } = await api(site.app.url, 'POST', '/api/v1/authorizations', {
      body: { sellingPartnerId: 'A2SIMULATEDJP1', region: 'FE', refreshToken: token },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ workflow: 'self', status: 'active' });
  });

  it('a connect link connects without an account of one’s own', async () => {
    const owner = await site.visitor();
    const link = await connectLink(site.app, await signUp(owner));
    await page.goto(link);
    await page.getByRole('heading', { name: 'Connect your Amazon account' }).waitFor();
    await page.getByRole('button', { name: 'Continue to Amazon' }).click();
    await consent(page, PARTNER);
    await page.getByRole('heading', { name: 'Your Amazon account is connected' }).waitFor();
    await owner.goto('/connections');
    expect(await owner.getByRole('row').filter({ hasText: PARTNER }).count()).toBe(1);
    await page.goto(link);
    await page.getByRole('heading', { name: 'This link was used already' }).waitFor();
  });
});
