import { randomBytes } from 'node:crypto';
import { type Page } from 'playwright-core';

export const PASSWORD = 'a lantern above the harbour';

export interface Connection {
  sellingPartnerId: string;
  accountType: 'Seller' | 'Vendor';
  marketplace: string;
}

/** Signs up with an address that nobody has yet, and answers it. */
export async function signUp(page: Page, name = 'seller'): Promise<string> {
  const email = `${name}-${randomBytes(6).toString('hex')}@example.com`;
  await page.goto('/signup');
  await page.getByRole('textbox', { name: 'Email' }).fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByRole('heading', { level: 1, name: 'Connections' }).waitFor();
  return email;
}

/** Chooses what to connect and goes to Amazon, where the consent page shows. */
export async function leaveForAmazon(
  page: Page,
  { accountType, marketplace }: Omit<Connection, 'sellingPartnerId'>,
): Promise<void> {
  await page.getByRole('link', { name: 'Connect Amazon account' }).click();
  const types = page.getByRole('group', { name: 'Account type' });
  await types.getByRole('radio', { name: accountType }).check();
  await page.getByRole('combobox', { name: 'Marketplace' }).selectOption({ label: marketplace });
  await page.getByRole('button', { name: 'Continue to Amazon' }).click();
  await page.getByRole('button', { name: 'Confirm' }).waitFor();
}

/** Confirms at Amazon as that selling partner; ends where Amazon's redirect led. */
export async function consent(page: Page, sellingPartnerId: string): Promise<void> {
  await page.getByRole('radio', { name: new RegExp(sellingPartnerId) }).check();
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.waitForURL((url) => !url.pathname.startsWith('/apps/'));
}

/** The whole way, from the list of connections to the page of the new one. */
export async function connect(page: Page, connection: Connection): Promise<void> {
  await page.goto('/connections');
  await leaveForAmazon(page, connection);
  await consent(page, connection.sellingPartnerId);
  await page.waitForURL(/\/connections\/[\da-f-]{36}$/);
}

/** Presses the button or link after which the browser shows the next page, and waits for that heading. */
export async function press(page: Page, name: string, heading: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}
