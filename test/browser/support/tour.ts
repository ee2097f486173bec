import { type Page } from 'playwright-core';
import { drain } from '../../support/deliveries.js';
import { api } from '../../support/people.js';
import { DAY_SECONDS, run } from '../../support/renewals.js';
import { APPLICATION } from '../../support/simulator.js';
import { connect, signUp } from './seller.js';
import { type Website } from './website.js';

const UNKNOWN = 'A'.repeat(43);

/**
 * Shows every page of the website once, in every state that looks different, and calls `look` at each.
 * A new page gets a line here, and with it all checks of appearance, accessibility and policy.
 */
export async function tour(
  { app, simulator }: Website,
  page: Page,
  look: (name: string) => Promise<void>,
): Promise<void> {
  const show = async (name: string, path: string): Promise<void> => {
    await page.goto(path);
    await look(name);
  };
  const press = async (name: string, button: string): Promise<void> => {
    await page.getByRole('button', { name: button, exact: true }).click();
    await page.waitForLoadState();
    await look(name);
  };

  await show('start', '/');
  await show('sign-in', '/login');
  await page.getByRole('textbox', { name: 'Email' }).fill('nobody@example.com');
  await page.getByLabel('Password').fill('not a password');
  await press('sign-in-refused', 'Sign in');
  await show('sign-up', '/signup');
  await press('sign-up-refused', 'Sign up');
  await show('forgot-password', '/forgot-password');
  await press('forgot-password-refused', 'Send the link');
  await page.getByRole('textbox', { name: 'Email' }).fill('nobody@example.com');
  await press('forgot-password-sent', 'Send the link');
  await show('reset-password-gone', `/reset-password?token=${UNKNOWN}`);
  await show('verify-email-gone', `/verify-email?token=${UNKNOWN}`);
  await show('amazon-errors', '/help/amazon-errors');
  await show('callback-without-state', '/sp-api/auth?selling_partner_id=A2X&spapi_oauth_code=x');
  await show('login-uri-foreign', loginUri('https://sellercentral.amazon.evil.example'));
  await show('callback-unknown', `/sp-api/auth?state=${UNKNOWN}&selling_partner_id=A2X&spapi_oauth_code=x`);

  await show('provider-sign-in-over', `/login/oidc/callback?state=${UNKNOWN}`);

  // As long as addresses get, and longer than a phone is wide.
  const email = await signUp(page, 'the-person-who-looks-after-marketplaces');
  await look('connections-empty');
  await show('verify-email-sent', '/verify-email');
  await press('verify-email-again', 'Send the mail again');
  await show('new-connection', '/connections/new');
  await show('login-uri', loginUri(simulator.url));
  const link = await connectLink(app, email);
  await show('connect-link', link);
  await show('connect-link-done', '/connect/done');
  await show('connect-link-unknown', `/connect/${UNKNOWN}`);
  await show('account', '/account');
  await press('account-refused', 'Change password');
  await show('delete-account', '/account/delete');
  await press('delete-account-refused', 'Delete account');

  await app.database.query('TRUNCATE authorizations CASCADE');
  const disconnected = await connectAnother(page, 'A2SIMULATEDGB1', 'United Kingdom');
  const refused = await connectAnother(page, 'A2SIMULATEDJP1', 'Japan');
  const due = await connectAnother(page, 'A2SIMULATEDDE1', 'Germany');
  await look('connection');
  await connectAnother(page, 'A2SIMULATEDUS1', 'United States');
  const overdue = await connectAnother(page, 'A2SIMULATEDAU1', 'Australia');

  for (const days of [25, 5]) await remind(app, due, days);
  await remind(app, overdue, 1);
  await app.database.query(`UPDATE deliveries SET status = 'bounced' WHERE authorization_id = $1`, [
    overdue.split('/').at(-1),
  ]);
  await remind(app, overdue, -3);
  await simulator.partner('A2SIMULATEDJP1', { scenario: 'revoked' });
  await api(app.url, 'POST', `/api/v1/authorizations/${refused.split('/').at(-1)}/access-token`, {
    body: { forceRefresh: true },
  });
  await simulator.partner('A2SIMULATEDJP1', { scenario: 'normal' });

  await show('login-uri-renewal', loginUri(simulator.url, 'A2SIMULATEDUS1'));
  await show('disconnect', `${disconnected}/disconnect`);
  await press('connection-disconnected', 'Disconnect');
  await show('connection-due', due);
  await show('connection-overdue', overdue);
  await show('connection-refused', refused);
  await show('connections', '/connections');
  await show('connection-unknown', '/connections/6f1cbe0e-6d0e-4b5c-8f0c-000000000000');
  await show('callback-cancelled', `/sp-api/auth?state=${UNKNOWN}`);
  await show('not-found', '/no/such/page');

  await show('verify-email-ask', await verificationLink(simulator, email));
  await press('verify-email-done', 'Verify email');

  await page.goto('/forgot-password');
  await page.getByRole('textbox', { name: 'Email' }).fill(email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  const reset = await mailedLink(simulator, email, '/reset-password');
  await show('reset-password', reset);
  await press('reset-password-refused', 'Set password');
  await page.getByLabel('New password').fill('a lantern below the bridge');
  await press('reset-password-done', 'Set password');
  await show('reset-password-used', reset);
  await page.goto('/account/delete');
  await page.getByLabel('Password').fill('a lantern below the bridge');
  await press('account-deleted', 'Delete account');
}

/** As Amazon opens the log-in URI. */
function loginUri(origin: string, sellingPartnerId = 'A2SIMULATEDAU1'): string {
  const parameters = new URLSearchParams({
    amazon_callback_uri: `${origin}/apps/authorize/confirm/${APPLICATION.SPAPI_APPLICATION_ID}`,
    amazon_state: 'state-of-amazon',
    selling_partner_id: sellingPartnerId,
  });
  return `/sp-api/login?${parameters.toString()}`;
}

/** A connect link for that seller account, as a program asks for one. */
export async function connectLink(app: Website['app'], email: string): Promise<string> {
  const [seller] = await app.database.query<{ id: string }>('SELECT id FROM sellers WHERE email = $1', [
    email,
  ]);
  const path = `/api/v1/sellers/${seller?.id}/connect-links`;
  const { body } = await api<{ url: string }>(app.url, 'POST', path, {
    body: { marketplaceId: 'ATVPDKIKX0DER' },
  });
  return body.url;
}

/** Lets that connection be due in so many days, and its seller be reminded. */
export async function remind(app: Website['app'], connection: string, days: number): Promise<void> {
  const renewalDueAt = app.clock.inSeconds(days * DAY_SECONDS).toISOString();
  const path = `/api/v1/authorizations/${connection.split('/').at(-1)}`;
  await api(app.url, 'PATCH', path, { body: { renewalDueAt } });
  await run(app);
  await drain(app);
}

/** Answers the path of the new connection's page. */
async function connectAnother(page: Page, sellingPartnerId: string, marketplace: string): Promise<string> {
  await connect(page, { sellingPartnerId, accountType: 'Seller', marketplace });
  return new URL(page.url()).pathname;
}

/** The link of the newest verification mail to that address. */
export const verificationLink = (simulator: Website['simulator'], email: string): Promise<string> =>
  mailedLink(simulator, email, '/verify-email');

/** The link to that page in the newest mail that has one. */
export async function mailedLink(
  simulator: Website['simulator'],
  email: string,
  path: string,
): Promise<string> {
  for (;;) {
    const links = (await simulator.mailsTo(email)).map(({ text }) => /https?:\/\/\S+\?\S+/.exec(text)?.[0]);
    const link = links.find((found) => found && new URL(found).pathname === path);
    if (link) return link;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
