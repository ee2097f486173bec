import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { BrowserClient } from './support/browser-client.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { PASSWORD, signUp } from './support/people.js';

const NEW_PASSWORD = 'a quiet lamp by the river';
/** As Amazon builds it, with all that it appends. */
const LOGIN_URI = `/sp-api/login?amazon_callback_uri=${encodeURIComponent(
  'https://sellercentral.amazon.com/apps/authorize/confirm/amzn1.sp.solution.4cd4a4f9-7ea5-4f52-bbd2-0d0b1b4a3a1e?x=1&y=2',
)}&amazon_state=${'AbC-_.~%2B%2F'.repeat(80)}&selling_partner_id=A2TESTUS1&version=beta`;

let mailServer: MailServer;
let app: TestApp;

beforeAll(async () => {
  mailServer = await startMailServer();
  app = await startTestApp({ SMTP_URL: mailServer.url });
});
afterAll(async () => {
  await app.stop();
  await mailServer.stop();
});

const newBrowser = () => new BrowserClient(app.url);
const signIn = (browser: BrowserClient, email: string, password: string) =>
  browser.submit('/login', 'Sign in', { email, password });
const isSignedIn = async (browser: BrowserClient) => (await browser.get('/')).status === 303;

/** A new account that is signed in, its verification mail read. */
async function account(): Promise<BrowserClient & { email: string }> {
  const seller = await signUp(app.url);
  await mailServer.next(seller.email);
  return seller;
}

/** Asks for a link and answers its path, from the mail. */
async function mailedLink(email: string, page = '/forgot-password'): Promise<string> {
  const answer = await newBrowser().submit(page, 'Send the link', { email });
  expect(answer.status).toBe(200);
  const mail = await mailServer.next(email);
  expect(mail.subject).toBe('Set a new password for Regrant');
  const link = new URL(/http:\S+/.exec(mail.text ?? '')?.[0] ?? '');
  expect(mail.html).toContain(link.href);
  return link.pathname + link.search;
}

const setPassword = (browser: BrowserClient, link: string, password = NEW_PASSWORD) =>
  browser.submit(link, 'Set password', { password });

describe('a forgotten password', () => {
  it('is replaced by a mailed link, which is opened twice and used once', async () => {
    const seller = await account();
    const link = await mailedLink(seller.email);
    for (let scan = 1; scan <= 2; scan += 1)
      expect((await newBrowser().get(link)).body).toContain('>Set password</button>');

    const browser = newBrowser();
    expect(await setPassword(browser, link)).toMatchObject({
      status: 303,
      location: `${app.url}/connections`,
    });
    expect(await isSignedIn(browser)).toBe(true);
    expect((await signIn(newBrowser(), seller.email, PASSWORD)).status).toBe(401);
    expect((await signIn(newBrowser(), seller.email, NEW_PASSWORD)).status).toBe(303);
    expect(await newBrowser().get(link)).toMatchObject({
      status: 410,
      body: expect.stringContaining('This link was used already'),
    });
  });

  it('ends every session, verifies the address and ends a lock', async () => {
    const seller = await account();
    for (let failure = 1; failure <= 10; failure += 1)
      await signIn(newBrowser(), seller.email, 'a wrong password');
    expect((await mailServer.next(seller.email)).subject).toContain('locked');
    expect((await seller.get('/verify-email')).body).toContain('Check your mail');

    const browser = newBrowser();
    await setPassword(browser, await mailedLink(seller.email));
    expect(await isSignedIn(seller)).toBe(false);
    expect((await browser.get('/verify-email')).body).toContain('Your email address is verified');
    expect((await signIn(newBrowser(), seller.email, NEW_PASSWORD)).status).toBe(303);
  });

  it('is answered the same for an unknown address, and nothing is mailed there', async () => {
    const seller = await account();
    const known = await newBrowser().submit('/forgot-password', 'Send the link', { email: seller.email });
    const unknown = await newBrowser().submit('/forgot-password', 'Send the link', {
      email: 'unknown@example.com',
    });
    expect(unknown.status).toBe(known.status);
    expect(unknown.body).toBe(known.body.replaceAll(seller.email, 'unknown@example.com'));
    await mailServer.next(seller.email);
    expect(mailServer.mails.some(({ text }) => text?.includes('unknown@example.com'))).toBe(false);
    expect(app.log()).not.toContain(seller.email);
  });

  it('lets one of several simultaneous resets through', async () => {
    const seller = await account();
    const link = await mailedLink(seller.email);
    const answers = await Promise.all([1, 2, 3].map(() => setPassword(newBrowser(), link)));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 410, 410]);
  });

  it('keeps the link good when the new password is too weak, and says so at the field', async () => {
    const seller = await account();
    const link = await mailedLink(seller.email);
    const browser = newBrowser();
    for (const weak of ['', 'short', seller.email]) {
      const refused = await setPassword(browser, link, weak);
      expect(refused.status).toBe(400);
      expect(refused.body).toMatch(/id="password-problem" role="alert">/);
    }
    expect((await setPassword(browser, link)).status).toBe(303);
  });

  it('cannot be set by a link of before', async () => {
    const seller = await account();
    const first = await mailedLink(seller.email);
    await setPassword(newBrowser(), await mailedLink(seller.email));
    expect((await newBrowser().get(first)).status).toBe(410);
  });

  it('cannot be set after an hour, nor for a disabled account', async () => {
    const seller = await account();
    const link = await mailedLink(seller.email);
    const page = await newBrowser().get(link);
    expect(page.status).toBe(200);
    await app.database.query(`UPDATE sellers SET status = 'disabled' WHERE email = $1`, [seller.email]);
    expect((await setPassword(newBrowser(), link)).status).toBe(410);
    await app.database.query(`UPDATE sellers SET status = 'active' WHERE email = $1`, [seller.email]);
    app.clock.advance(3600);
    expect((await newBrowser().get(link)).status).toBe(410);
    app.clock.advance(-3600);
  });

  it.each(['', '?token=', '?token=unknown', '?token=a&token=b'])(
    'has a friendly page for /reset-password%s',
    async (query) => {
      expect(await newBrowser().get(`/reset-password${query}`)).toMatchObject({
        status: 410,
        body: expect.stringContaining('This link does not work any more'),
      });
    },
  );

  it('is mailed about five times an hour at most, and one client may not ask for ever', async () => {
    const strict = await startTestApp({ RATE_LIMITS: 'on', SMTP_URL: mailServer.url });
    try {
      const { email } = await signUp(strict.url);
      const browser = new BrowserClient(strict.url);
      const page = await browser.get('/forgot-password');
      const ask = () => browser.submitForm(page, '/forgot-password', 'Send the link', { email });
      for (let count = 1; count <= 20; count += 1) expect((await ask()).status).toBe(200);
      const refused = await ask();
      expect(refused).toMatchObject({ status: 429, body: expect.stringContaining('Too many attempts') });
      const [{ count } = { count: 0 }] = await strict.database.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM deliveries WHERE template = 'reset-password'`,
      );
      expect(count).toBe(5);
    } finally {
      await strict.stop();
    }
  });
});

describe('where a seller was going', () => {
  it('survives a wrong password, the reset and a look at signing up', async () => {
    const seller = await account();
    const browser = newBrowser();
    const login = `/login?next=${encodeURIComponent(LOGIN_URI)}`;
    const wrong = await browser.submit(login, 'Sign in', { email: seller.email, password: 'wrong' });
    expect(wrong.status).toBe(401);
    const link = (page: string, path: string) =>
      new RegExp(`href="(${path}[^"]*)"`).exec(page)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const signUpPage = await browser.get(link(wrong.body, '/signup'));
    const signInPage = await browser.get(link(signUpPage.body, '/login'));
    const forgot = link(signInPage.body, '/forgot-password');

    const reset = await mailedLink(seller.email, forgot);
    expect(reset.length).toBeLessThan(100);
    const elsewhere = newBrowser();
    expect((await setPassword(elsewhere, reset)).location).toBe(app.url + LOGIN_URI);
  });

  it('survives a second tab that signed in first', async () => {
    const seller = await account();
    const browser = newBrowser();
    const login = `/login?next=${encodeURIComponent(LOGIN_URI)}`;
    const secondTab = await browser.get(login);
    await signIn(browser, seller.email, PASSWORD);
    const expired = await browser.submitForm(secondTab, login, 'Sign in', {
      email: seller.email,
      password: PASSWORD,
    });
    expect(expired.status).toBe(403);
    const onward = /class="button" href="([^"]+)">Continue</.exec(expired.body)?.[1] ?? '';
    expect((await browser.get(onward)).location).toBe(app.url + LOGIN_URI);
  });

  it('is forgotten when it is no place of ours', async () => {
    const seller = await account();
    const link = await mailedLink(seller.email, '/forgot-password?next=//evil.example');
    expect((await setPassword(newBrowser(), link)).location).toBe(`${app.url}/connections`);
  });
});
