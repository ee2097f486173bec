import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Locator, type Page } from 'playwright-core';
import { connect, PASSWORD, signUp } from './support/seller.js';
import { remind } from './support/tour.js';
import { Website } from './support/website.js';

/** More than any page has places to stop at. */
const PATIENCE = 40;

let site: Website;
beforeAll(async () => {
  site = await Website.open();
});
afterAll(() => site.close());
afterEach(() => site.sendHome());

const isFocused = async (page: Page, target: Locator): Promise<boolean> =>
  (await target.and(page.locator(':focus')).count()) > 0;

/** Of a radio button the whole label shows the focus. */
const RING = `getComputedStyle(document.activeElement.closest('.choices label') ?? document.activeElement).outlineStyle`;

/** Presses Tab until the focus is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < PATIENCE; presses++) {
    await page.keyboard.press('Tab');
    if (await isFocused(page, target)) return;
  }
  throw new Error(`Tab never reaches ${target.toString()}`);
}

/** The same on a page of ours, where everything on the way must show that it has the focus. */
async function tabVisiblyTo(page: Page, target: Locator): Promise<void> {
  do {
    await page.keyboard.press('Tab');
    const place = await page.evaluate<string>('document.activeElement.outerHTML.slice(0, 100)');
    expect(place).not.toMatch(/^<body/);
    expect({ place, ring: await page.evaluate<string>(RING) }).toEqual({ place, ring: 'solid' });
  } while (!(await isFocused(page, target)));
}

describe('with the keyboard alone', () => {
  it('one signs up', async () => {
    const page = await site.visitor();
    await page.goto('/signup');
    await tabVisiblyTo(page, page.getByRole('textbox', { name: 'Email' }));
    await page.keyboard.type('grace@example.com');
    await tabVisiblyTo(page, page.getByLabel('Password'));
    await page.keyboard.type(PASSWORD);
    await tabVisiblyTo(page, page.getByRole('button', { name: 'Sign up' }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Connections' }).waitFor();
  });

  it('one connects an Amazon account, and confirms at Amazon', async () => {
    const page = await site.visitor();
    await signUp(page);
    await tabVisiblyTo(page, page.getByRole('link', { name: 'Connect Amazon account' }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Connect Amazon account' }).waitFor();

    await tabVisiblyTo(page, page.getByRole('radio', { name: 'Seller' }));
    await page.keyboard.press('ArrowDown');
    expect(await page.getByRole('radio', { name: 'Vendor' }).isChecked()).toBe(true);
    await tabVisiblyTo(page, page.getByRole('combobox', { name: 'Marketplace' }));
    await page.keyboard.type('Fra');
    await tabVisiblyTo(page, page.getByRole('button', { name: 'Continue to Amazon' }));
    await page.keyboard.press('Enter');

    await page.getByRole('button', { name: 'Confirm' }).waitFor();
    await tabTo(page, page.getByRole('radio', { checked: true }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'France' }).waitFor();
  });

  it('one renews a connection that is overdue, from the list to Amazon', async () => {
    const page = await site.visitor();
    await signUp(page);
    await connect(page, { sellingPartnerId: 'A2SIMULATEDJP1', accountType: 'Seller', marketplace: 'Japan' });
    await remind(site.app, new URL(page.url()).pathname, -3);
    await page.goto('/connections');
    expect(await page.getByRole('row', { name: /Japan/ }).innerText()).toContain('overdue, 3 days ago');
    await tabVisiblyTo(page, page.getByRole('link', { name: 'Japan' }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Japan' }).waitFor();
    await tabVisiblyTo(page, page.getByRole('button', { name: 'Renew' }));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Confirm' }).waitFor();
  });

  it('one skips the head of the page', async () => {
    const page = await site.visitor();
    await signUp(page);
    await page.goto('/connections');
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Skip to content' });
    expect(await isFocused(page, skip)).toBe(true);
    expect((await skip.boundingBox())?.x).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    expect(await isFocused(page, page.getByRole('button', { name: 'Send the mail again' }))).toBe(true);
  });
});
