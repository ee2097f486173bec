import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Page } from 'playwright-core';
import { PASSWORD, press, signUp } from './support/seller.js';
import { mailedLink, verificationLink } from './support/tour.js';
import { Website } from './support/website.js';

let site: Website;
beforeAll(async () => {
  site = await Website.open();
});
afterAll(() => site.close());
afterEach(() => site.sendHome());

async function signIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Email' }).fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('an account in the browser', () => {
  it('begins at the start page, which leads to signing up', async () => {
    const page = await site.visitor();
    await page.goto('/');
    await page.getByRole('link', { name: 'Sign up' }).click();
    await page.getByRole('heading', { level: 1, name: 'Sign up' }).waitFor();
  });

  it('signs out, and in again', async () => {
    const page = await site.visitor();
    const email = await signUp(page);
    await press(page, 'Sign out', 'Sign in');
    await signIn(page, email, PASSWORD);
    await page.getByRole('heading', { level: 1, name: 'Connections' }).waitFor();
    expect(await page.getByText(email).isVisible()).toBe(true);
  });

  it('is not opened by a wrong password, and the address that was entered stays', async () => {
    const page = await site.visitor();
    const email = await signUp(page);
    await press(page, 'Sign out', 'Sign in');
    await signIn(page, email, 'not the password of anybody');
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('textbox', { name: 'Email' }).inputValue()).toBe(email);
    expect(await page.getByLabel('Password').inputValue()).toBe('');
  });

  it('is not made with a short password; the field says why', async () => {
    const page = await site.visitor();
    await page.goto('/signup');
    await page.getByRole('textbox', { name: 'Email' }).fill('ada@example.com');
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.getByRole('alert').waitFor();
    const password = page.getByLabel('Password');
    expect(await password.getAttribute('aria-invalid')).toBe('true');
    expect(await password.getAttribute('aria-describedby')).toContain('password-problem');
  });

  it('is asked for where it is needed, and leads on from there', async () => {
    const page = await site.visitor();
    const email = await signUp(page);
    await press(page, 'Sign out', 'Sign in');
    await page.goto('/connections/new');
    await signIn(page, email, PASSWORD);
    await page.getByRole('heading', { level: 1, name: 'Connect Amazon account' }).waitFor();
  });

  it('gets a new password by the link of a mail, and goes on to where it was going', async () => {
    const page = await site.visitor();
    const email = await signUp(page);
    await press(page, 'Sign out', 'Sign in');
    await page.goto('/connections/new');
    await page.getByRole('link', { name: 'Forgot your password?' }).click();
    await page.getByRole('textbox', { name: 'Email' }).fill(email);
    await press(page, 'Send the link', 'Check your mail');
    await page.goto(await mailedLink(site.simulator, email, '/reset-password'));
    await page.getByLabel('New password').fill('a lantern below the bridge');
    await press(page, 'Set password', 'Connect Amazon account');
  });

  it('changes its password, is signed out elsewhere, and is deleted', async () => {
    const page = await site.visitor();
    const email = await signUp(page);
    const elsewhere = await site.visitor();
    await elsewhere.goto('/login');
    await signIn(elsewhere, email, PASSWORD);
    await elsewhere.getByRole('heading', { level: 1, name: 'Connections' }).waitFor();

    await page.getByRole('link', { name: 'Account', exact: true }).click();
    expect(await page.getByText('This one').count()).toBe(1);
    await page.getByLabel('Current password').fill(PASSWORD);
    await page.getByLabel('New password').fill('a lantern below the bridge');
    await press(page, 'Change password', 'Your account');
    expect(await page.getByRole('status').textContent()).toContain('Your password is changed');
    await elsewhere.goto('/account');
    await elsewhere.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();

    await page.getByRole('link', { name: 'Delete account' }).click();
    await page.getByLabel('Password').fill('a lantern below the bridge');
    await press(page, 'Delete account', 'Your account is deleted');
  });

  it('is opened by the identity provider, linked to it, and signed out there too', async () => {
    const page = await site.visitor();
    const email = await signUp(page);
    site.provider.person = { sub: email, email, email_verified: true };
    await page.goto('/account');
    await press(page, 'Link Acme ID', 'Your account');
    expect(await page.getByRole('status').textContent()).toContain('linked');
    await press(page, 'Sign out', 'Sign in');

    await page.goto('/connections/new');
    await press(page, 'Continue with Acme ID', 'Connect Amazon account');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL((url) => url.origin === site.provider.issuer);
    await page.goto('/account');
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
  });

  it('is verified by the link of the mail, once a button is pressed', async () => {
    const page = await site.visitor();
    const email = await signUp(page);
    expect(await page.getByText('Please verify your email address').isVisible()).toBe(true);
    await page.goto(await verificationLink(site.simulator, email));
    await press(page, 'Verify email', 'Your email address is verified');
    await page.goto('/connections');
    expect(await page.getByText('Please verify your email address').count()).toBe(0);
  });
});
