import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BrowserContextOptions, type Page } from 'playwright-core';
import { API_KEY } from '../support/app.js';
import { tour } from './support/tour.js';
import { Website } from './support/website.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
/** A folder: every page is then photographed into it, to be looked at. */
const SCREENSHOTS = process.env['SCREENSHOTS'];

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

let site: Website;
beforeAll(async () => {
  site = await Website.open();
});
afterAll(() => site.close());
afterEach(() => site.sendHome());

/** What axe-core finds on the page that hinders people seriously. */
async function hindrances(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: AXE });
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

async function photograph(page: Page, kind: string, name: string): Promise<void> {
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${kind}-${name}.png`), fullPage: true });
}

/** How much wider the page is than the window. */
const EXCESS = 'Math.max(document.documentElement.scrollWidth - document.documentElement.clientWidth, 0)';

interface Finding {
  name: string;
  title: string;
  headings: number;
  language: string | null;
  excess: number;
  hindrances: string[];
}

describe.each<[string, BrowserContextOptions]>([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { colorScheme: 'light', ...PHONE }],
])('every page (%s)', (kind, options) => {
  const findings: Finding[] = [];

  beforeAll(async () => {
    // axe-core is a script, which the policy of our pages rightly refuses.
    const page = await site.visitor({ ...options, bypassCSP: true });
    await tour(site, page, async (name) => {
      await photograph(page, kind, name);
      findings.push({
        name,
        title: await page.title(),
        headings: await page.getByRole('heading', { level: 1 }).count(),
        language: await page.locator('html').getAttribute('lang'),
        excess: await page.evaluate<number>(EXCESS),
        hindrances: await hindrances(page),
      });
    });
  }, 120_000);

  it('hinders nobody, says axe-core', () => {
    const hindering = findings.filter((finding) => finding.hindrances.length);
    expect(hindering.map(({ name, hindrances }) => ({ name, hindrances }))).toEqual([]);
  });

  it('fits into the width of the window without horizontal scrolling', () => {
    expect(findings.filter(({ excess }) => excess > 0).map(({ name }) => name)).toEqual([]);
  });

  it('has one main heading, a language, and a title that ends with the name of the service', () => {
    expect(findings.length).toBeGreaterThan(20);
    for (const { name, headings, language, title } of findings)
      expect({ name, headings, language, title }).toEqual({
        ...{ name, headings: 1, language: 'en' },
        title: expect.stringMatching(/^.{3,} · Regrant$/),
      });
  });
});

describe('an error page', () => {
  it('says that a callback without a known state attached nothing, and offers to sign in', async () => {
    const page = await site.visitor();
    const query = `state=${'B'.repeat(43)}&selling_partner_id=A2X&spapi_oauth_code=code`;
    const answer = await page.goto(`/sp-api/auth?${query}`);
    expect(answer?.status()).toBe(400);
    expect(await page.getByText('Nothing was connected').isVisible()).toBe(true);
    expect(await page.getByText('Reference number').isVisible()).toBe(true);
    await page.getByRole('link', { name: 'Sign in and connect again' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  });

  it('leads from an address that does not exist to the start page', async () => {
    const page = await site.visitor();
    const answer = await page.goto('/no/such/page');
    expect(answer?.status()).toBe(404);
    await page.getByRole('link', { name: 'Go to the start page' }).click();
    expect(new URL(page.url()).pathname).toBe('/');
  });
});

describe('the API documentation', () => {
  it('loads under its policy, lists the routes, and calls one with an API key', async () => {
    const page = await site.visitor();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    await page.goto('/api/docs');
    await page.getByText('/api/v1/authorizations/{id}/access-token').first().waitFor();
    expect(await page.getByText('/auth/o2/token').first().isVisible()).toBe(true);
    await photograph(page, 'light', 'api-docs');

    await page.getByRole('button', { name: 'Authorize', exact: true }).click();
    await page.locator('#auth-bearer-value').fill(API_KEY);
    await page.getByRole('button', { name: 'Apply credentials' }).click();
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.locator('#operations-Authorizations-Authorizations_page').click();
    await page.getByRole('button', { name: 'Try it out' }).click();
    const answered = page.waitForResponse((response) => response.url().includes('/api/v1/authorizations?'));
    await page.getByRole('button', { name: 'Execute' }).click();
    expect((await answered).status()).toBe(200);
    expect(await page.locator('.live-responses-table').innerText()).toContain('"items"');
    await photograph(page, 'light', 'api-docs-tried');
    expect(complaints).toEqual([]);
  });
});
