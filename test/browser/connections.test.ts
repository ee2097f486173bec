import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Page } from 'playwright-core';
import { connect, consent, leaveForAmazon, press, signUp } from './support/seller.js';
import { Website } from './support/website.js';

const GERMAN_SELLER = {
  sellingPartnerId: 'A2SIMULATEDDE1',
  accountType: 'Seller',
  marketplace: 'Germany',
} as const;

let site: Website;
beforeAll(async () => {
  site = await Website.open();
});
afterAll(() => site.close());
afterEach(() => site.sendHome());

describe('a seller in the browser', () => {
  let page: Page;
  beforeEach(async () => {
    page = await site.visitor();
    // An Amazon account belongs to one account here: each test starts without any.
    await site.app.database.query('TRUNCATE authorizations CASCADE');
    await signUp(page);
  });

  it('connects as a seller and sees the connection, on its page and in the list', async () => {
    await connect(page, GERMAN_SELLER);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Germany and 3 more');
    expect(await page.getByText('Germany, France, Italy, Spain').isVisible()).toBe(true);
    expect(await page.getByText('Connected', { exact: true }).first().isVisible()).toBe(true);
    expect(await page.getByText('A2SIMULATEDDE1').isVisible()).toBe(true);

    await page.getByRole('link', { name: 'All connections' }).click();
    const row = page.getByRole('row').filter({ hasText: 'A2SIMULATEDDE1' });
    expect(await row.getByRole('cell').allTextContents()).toEqual([
      'Germany and 3 more',
      'A2SIMULATEDDE1',
      'Connected',
      expect.stringMatching(/^[A-Z][a-z]+ \d{1,2}, 20\d\d$/),
    ]);
  });

  it('connects as a vendor', async () => {
    await connect(page, {
      sellingPartnerId: 'A2SIMVENDORUS1',
      accountType: 'Vendor',
      marketplace: 'United States',
    });
    expect(await page.getByRole('definition').allTextContents()).toContain('Vendor');
  });

  it('cancels at Amazon and finds a way back to a list without connections', async () => {
    await leaveForAmazon(page, GERMAN_SELLER);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: /^Back to/ }).click();
    await page.getByRole('heading', { name: 'No Amazon account connected yet' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/connections');
  });

  it('renews a connection, which stays the same one', async () => {
    await connect(page, GERMAN_SELLER);
    const address = page.url();
    await page.getByRole('button', { name: 'Renew' }).click();
    await consent(page, 'A2SIMULATEDDE1');
    expect(page.url()).toBe(address);
    const history = await page.getByRole('listitem').allTextContents();
    expect(history).toEqual([expect.stringMatching(/Connected again$/), expect.stringMatching(/Connected$/)]);
  });

  it('is told when the renewal was done with another Amazon account', async () => {
    await connect(page, GERMAN_SELLER);
    await page.getByRole('button', { name: 'Renew' }).click();
    await consent(page, 'A2SIMULATEDGB1');
    await page.getByRole('heading', { name: 'That was a different Amazon account' }).waitFor();
    await page.getByRole('link', { name: 'Back to your connections' }).click();
    expect(await page.getByRole('row').count()).toBe(2);
  });

  it('disconnects only after being asked once more', async () => {
    await connect(page, GERMAN_SELLER);
    await press(page, 'Disconnect', 'Disconnect this Amazon account?');
    await page.getByRole('link', { name: 'Keep it' }).click();
    expect(await page.getByText('Disconnected').count()).toBe(0);

    await press(page, 'Disconnect', 'Disconnect this Amazon account?');
    await press(page, 'Disconnect', /^Germany/);
    expect(await page.getByText('Disconnected').first().isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Disconnect' }).count()).toBe(0);
  });

  it('who reloads the callback sees the outcome of the first time', async () => {
    await leaveForAmazon(page, GERMAN_SELLER);
    const callback = page.waitForRequest(/\/sp-api\/auth\?/);
    await consent(page, 'A2SIMULATEDDE1');
    const connection = page.url();
    await page.goto((await callback).url());
    expect(page.url()).toBe(connection);
  });

  it('finishes two connections that were started in two tabs', async () => {
    const other = await page.context().newPage();
    await page.goto('/connections');
    await other.goto('/connections');
    await leaveForAmazon(page, GERMAN_SELLER);
    await leaveForAmazon(other, { accountType: 'Seller', marketplace: 'Japan' });
    await consent(other, 'A2SIMULATEDJP1');
    await consent(page, 'A2SIMULATEDDE1');
    await page.goto('/connections');
    expect(await page.getByRole('row').count()).toBe(3);
  });
});
