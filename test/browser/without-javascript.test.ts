import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, press, signUp } from './support/seller.js';
import { tour } from './support/tour.js';
import { Website } from './support/website.js';

let site: Website;
beforeAll(async () => {
  site = await Website.open();
});
afterAll(() => site.close());
afterEach(() => site.sendHome());

describe('without JavaScript', () => {
  it('the whole way works: sign up, connect, disconnect, sign out', async () => {
    const page = await site.visitor({ javaScriptEnabled: false });
    await signUp(page);
    await connect(page, {
      sellingPartnerId: 'A2SIMULATEDUS1',
      accountType: 'Seller',
      marketplace: 'United States',
    });
    await press(page, 'Disconnect', 'Disconnect this Amazon account?');
    await press(page, 'Disconnect', 'United States');
    await press(page, 'Sign out', 'Sign in');
  });

  it('no page loads a script at all', async () => {
    const page = await site.visitor();
    const scripts: string[] = [];
    page.on('request', (request) => {
      if (request.resourceType() === 'script') scripts.push(request.url());
    });
    let pages = 0;
    await tour(site, page, async () => {
      pages += 1;
      expect(await page.locator('script').count()).toBe(0);
    });
    expect(pages).toBeGreaterThan(10);
    expect(scripts).toEqual([]);
  }, 120_000);
});
