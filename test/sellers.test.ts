import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app.js';
import { type Answer, BrowserClient } from './support/browser-client.js';
import { type MailServer, startMailServer } from './support/mail-server.js';

const PASSWORD = 'seven blue otters paddle';
const DAY = 86_400;

let mailServer: MailServer;
let app: TestApp;
let accounts = 0;

beforeAll(async () => {
  mailServer = await startMailServer();
  app = await startTestApp({ SMTP_URL: mailServer.url });
});
afterAll(async () => {
  await app.stop();
  await mailServer.stop();
});

const newBrowser = () => new BrowserClient(app.url);
const newAddress = () => `seller${(accounts += 1)}@example.com`;

/** A browser that has signed up a new account. */
async function signUp(
  email = newAddress(),
  browser = newBrowser(),
): Promise<{ browser: BrowserClient; email: string }> {
  const answer = await browser.submit('/signup', 'Sign up', { email, password: PASSWORD });
  expect(answer).toMatchObject({ status: 303, location: `${app.url}/connections` });
  return { browser, email };
}

const signIn = (browser: BrowserClient, email: string, password = PASSWORD): Promise<Answer> =>
  browser.submit('/login', 'Sign in', { email, password });

async function cookie(browser: BrowserClient, name: string): Promise<string | undefined> {
  return (await browser.jar.getCookies(app.url)).find(({ key }) => key === name)?.value;
}

/** Signed in means that the start page leads on to the connections. */
const isSignedIn = async (browser: BrowserClient): Promise<boolean> =>
  (await browser.get('/')).status === 303;

async function linkMailedTo(email: string): Promise<string> {
  const mail = await mailServer.next(email);
  return /http:\S+/.exec(mail.text ?? '')?.[0] ?? '';
}

/** Does `work` that many seconds later by the service's clock, then puts the clock back. */
async function later(seconds: number, work: () => Promise<void>): Promise<void> {
  const start = app.clock.now().getTime();
  app.clock.advance(seconds);
  try {
    await work();
  } finally {
    app.clock.advance((start - app.clock.now().getTime()) / 1000);
  }
}

/** What an answer says to a person, without what differs in every answer. */
const textOf = (answer: Answer, email: string): string =>
  answer.body.replaceAll(/name="_csrf" value="[^"]*"/g, '').replaceAll(email, 'EMAIL');

describe('signing up', () => {
  it('signs in at once and mails a link to verify the address', async () => {
    const { browser, email } = await signUp('  New.Seller@Example.com ');
    expect(await isSignedIn(browser)).toBe(true);
    const mail = await mailServer.next('new.seller@example.com');
    expect(mail.subject).toBe('Verify your email address for Regrant');
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.messageId).toMatch(/^<verify-email\.[\da-f]{32}@localhost>$/);
    expect(mail.text).toContain(`${app.url}/verify-email?token=`);
    expect(mail.html).toContain(`${app.url}/verify-email?token=`);
    expect(app.log()).not.toContain(email.trim().toLowerCase());
  });

  it('stores the password only as an Argon2id hash', async () => {
    const { email } = await signUp();
    const [row] = await app.database.query('SELECT password_hash FROM sellers WHERE email = $1', [email]);
    expect(row?.['password_hash']).toMatch(/^\$argon2id\$/);
  });

  it.each([
    [
      'an address that is none',
      { email: 'nobody', password: PASSWORD },
      'email-problem',
      'such as name@example.com',
    ],
    [
      'a short password',
      { email: 'x@example.com', password: 'short' },
      'password-problem',
      'at least 12 characters',
    ],
    [
      'a common password',
      { email: 'x@example.com', password: 'Password1234' },
      'password-problem',
      'too easy to guess',
    ],
    [
      'an address beyond 254 characters',
      { email: `x@${'a'.repeat(60)}.${'b.'.repeat(100)}de`, password: PASSWORD },
      'email-problem',
      'Enter an',
    ],
  ])('shows the form again for %s, with the message at its field', async (_, fields, id, message) => {
    const answer = await newBrowser().submit('/signup', 'Sign up', fields);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatch(new RegExp(`aria-invalid="true" aria-describedby="[^"]*${id}"`));
    expect(answer.body).toMatch(new RegExp(`id="${id}" role="alert">[^<]*${message}`));
    expect(answer.body).toContain(`value="${fields.email}"`);
    expect(answer.body).not.toContain(fields.password);
  });

  it.each([
    ['nothing', { email: '', password: '' }],
    ['a bad address and a weak password', { email: 'nobody', password: 'Password1234' }],
  ])('names every problem of %s at once, each at its field', async (_, fields) => {
    const { body } = await newBrowser().submit('/signup', 'Sign up', fields);
    expect(body).toMatch(/id="email-problem" role="alert">Enter an email address/);
    expect(body).toMatch(/id="password-problem" role="alert">(Use at least 12|This password is too easy)/);
  });

  it('names a taken address and a weak password at once', async () => {
    const { email } = await signUp();
    const { body } = await newBrowser().submit('/signup', 'Sign up', { email, password: 'short' });
    expect(body).toMatch(/id="email-problem" role="alert">There is an account/);
    expect(body).toMatch(/id="password-problem" role="alert">Use at least 12/);
  });

  it('sends the owner of a taken address to sign in, in whatever case it is typed', async () => {
    const { email } = await signUp();
    const answer = await newBrowser().submit('/signup', 'Sign up', {
      email: email.toUpperCase(),
      password: PASSWORD,
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('There is an account with this address already. Sign in instead.');
  });

  it('makes one account of two sign-ups at the same moment', async () => {
    const email = newAddress();
    const answers = await Promise.all(
      [newBrowser(), newBrowser()].map((browser) =>
        browser.submit('/signup', 'Sign up', { email, password: PASSWORD }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 400]);
  });

  it('refuses a repeated field in the form, not with a crash', async () => {
    const browser = newBrowser();
    const page = await browser.get('/signup');
    const _csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const body = new URLSearchParams({ _csrf, password: PASSWORD });
    body.append('email', 'a@example.com');
    body.append('email', 'b@example.com');
    const answer = await fetch(`${app.url}/signup`, {
      method: 'POST',
      body,
      headers: { cookie: await browser.jar.getCookieString(app.url) },
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('id="email-problem"');
  });
});

describe('verifying the address', () => {
  it('works once, by the button and not by opening the link', async () => {
    const { browser, email } = await signUp();
    const link = new URL(await linkMailedTo(email));
    const path = link.pathname + link.search;
    expect((await browser.get('/verify-email')).body).toContain('Check your mail');
    for (let scan = 1; scan <= 2; scan += 1)
      expect((await newBrowser().get(path)).body).toContain('>Verify email</button>');

    const elsewhere = newBrowser();
    const done = await elsewhere.submit(path, 'Verify email');
    expect(done).toMatchObject({
      status: 200,
      body: expect.stringContaining('Your email address is verified'),
    });
    const again = await elsewhere.get(path);
    expect(again).toMatchObject({ status: 410, body: expect.stringContaining('This link was used already') });
    expect((await browser.get('/verify-email')).body).toContain('Your email address is verified');
  });

  it('lets exactly one of several simultaneous clicks use the link', async () => {
    const { email } = await signUp();
    const link = new URL(await linkMailedTo(email));
    const path = link.pathname + link.search;
    const clicks = [1, 2, 3, 4].map(() =>
      newBrowser()
        .submit(path, 'Verify email')
        .catch(() => ({ status: 410 })),
    );
    const statuses = (await Promise.all(clicks)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });

  it.each(['', '?token=', '?token=unknown', '?token=a&token=b'])(
    'has a friendly page for /verify-email%s',
    async (query) => {
      const answer = await newBrowser().get(`/verify-email${query}`);
      expect(answer).toMatchObject({
        status: 410,
        body: expect.stringContaining('This link does not work any more'),
      });
    },
  );

  it('mails the link again on request, until the address is verified', async () => {
    const { browser, email } = await signUp();
    await mailServer.next(email);
    const answer = await browser.submit('/verify-email?token=unknown', 'Send the mail again');
    expect(answer).toMatchObject({ status: 303, location: `${app.url}/verify-email?again` });
    expect((await browser.get('/verify-email?again')).body).toMatch(
      /role="status"><p>The mail was sent again/,
    );
    const link = new URL(await linkMailedTo(email));
    await browser.submit(link.pathname + link.search, 'Verify email');
    expect((await browser.get('/verify-email')).body).not.toContain('Send the mail again');
  });

  it('refuses a link after 48 hours', async () => {
    const { email } = await signUp();
    const link = new URL(await linkMailedTo(email));
    await later(2 * DAY, async () => {
      expect((await newBrowser().get(link.pathname + link.search)).status).toBe(410);
    });
  });
});

describe('signing in', () => {
  it('asks for both fields when both are empty', async () => {
    const { status, body } = await newBrowser().submit('/login', 'Sign in', { email: '', password: '' });
    expect(status).toBe(400);
    expect(body).toMatch(/id="email-problem" role="alert">Enter an email address/);
    expect(body).toMatch(/id="password-problem" role="alert">Enter your password/);
  });

  it('gives the same answer for an unknown address and a wrong password', async () => {
    const { email } = await signUp();
    const wrong = await signIn(newBrowser(), email, 'a wrong password');
    const unknown = await signIn(newBrowser(), 'unknown@example.com', 'a wrong password');
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(textOf(wrong, email)).toBe(textOf(unknown, 'unknown@example.com'));
    expect(wrong.body).toMatch(/role="alert"><p>Email or password is wrong/);
  });

  it('locks the account for 15 minutes after 10 failures in a row, and mails that', async () => {
    const { email } = await signUp();
    await mailServer.next(email);
    const browser = newBrowser();
    for (let failure = 1; failure <= 10; failure += 1) await signIn(browser, email, 'a wrong password');
    const locked = await signIn(browser, email);
    expect(locked.status).toBe(401);
    expect((await mailServer.next(email)).subject).toBe('Your Regrant account is locked for 15 minutes');

    await later(15 * 60, async () => expect((await signIn(browser, email)).status).toBe(303));
  });

  it('starts counting anew after a success', async () => {
    const { email } = await signUp();
    const browser = newBrowser();
    for (let round = 1; round <= 2; round += 1) {
      for (let failure = 1; failure <= 9; failure += 1) await signIn(browser, email, 'a wrong password');
      expect((await signIn(browser, email)).status).toBe(303);
      await browser.jar.removeAllCookies();
    }
  });

  it('does not let guesses sent at the same moment exceed the limit', async () => {
    const { email } = await signUp();
    const guesses = Array.from({ length: 15 }, () => signIn(newBrowser(), email, 'a wrong password'));
    await Promise.all(guesses);
    expect((await signIn(newBrowser(), email)).status).toBe(401);
    const [row] = await app.database.query('SELECT failed_sign_ins FROM sellers WHERE email = $1', [email]);
    expect(row?.['failed_sign_ins']).toBe(10);
  });

  it('refuses a disabled account, and ends what it has open', async () => {
    const { browser, email } = await signUp();
    await app.database.query(`UPDATE sellers SET status = 'disabled' WHERE email = $1`, [email]);
    expect(await isSignedIn(browser)).toBe(false);
    expect((await signIn(newBrowser(), email)).status).toBe(401);
  });

  it('goes on to the page that asked for it', async () => {
    const { email } = await signUp();
    const page = '/connections/new?marketplace=DE';
    const answer = await newBrowser().submit(`/login?next=${encodeURIComponent(page)}`, 'Sign in', {
      email,
      password: PASSWORD,
    });
    expect(answer.location).toBe(app.url + page);
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
  ])('never leads away to %j', async (next) => {
    const { email } = await signUp();
    const inAddress = await newBrowser().submit(`/login?next=${encodeURIComponent(next)}`, 'Sign in', {
      email,
      password: PASSWORD,
    });
    const inForm = await newBrowser().submit('/login', 'Sign in', { email, password: PASSWORD, next });
    expect([inAddress.location, inForm.location]).toEqual([
      `${app.url}/connections`,
      `${app.url}/connections`,
    ]);
  });

  it('limits attempts per client where rate limits are on', async () => {
    const strict = await startTestApp({ RATE_LIMITS: 'on' });
    try {
      const browser = new BrowserClient(strict.url);
      const page = await browser.get('/login');
      const attempt = () =>
        browser.submitForm(page, '/login', 'Sign in', { email: 'x@example.com', password: 'x' });
      for (let count = 1; count <= 60; count += 1) expect((await attempt()).status).toBe(401);
      const refused = await attempt();
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(500);
      expect(refused.body).toMatch(/role="alert"><p>Too many attempts. Please try again in \d+ minutes\./);
    } finally {
      await strict.stop();
    }
  });
});

describe('a session', () => {
  it('gets a new id at every sign-in, and the old one is refused', async () => {
    const { browser, email } = await signUp();
    const first = await cookie(browser, 'regrant_session');
    const old = await browser.jar.clone();
    const page = await browser.get('/verify-email?token=x');
    const _csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    await browser.post('/login', { _csrf, email, password: PASSWORD });
    expect(await cookie(browser, 'regrant_session')).not.toBe(first);
    const thief = newBrowser();
    await thief.jar.setCookie(
      (await old.getCookies(app.url)).find(({ key }) => key === 'regrant_session')?.cookieString() ?? '',
      app.url,
    );
    expect(await isSignedIn(thief)).toBe(false);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('is not stored in clear', async () => {
    const { browser } = await signUp();
    const token = (await cookie(browser, 'regrant_session')) ?? '';
    expect(token).toMatch(/^[\w-]{43}$/);
    const hash = createHash('sha256').update(token).digest();
    const rows = await app.database.query<{ id_hash: Buffer; row: string }>(
      'SELECT id_hash, s::text AS row FROM seller_sessions s',
    );
    expect(rows.some(({ id_hash }) => id_hash.equals(hash))).toBe(true);
    const raw = Buffer.from(token, 'base64url').toString('hex');
    for (const { row } of rows) expect(row.includes(token) || row.includes(raw)).toBe(false);
  });

  it('ends on the server when the seller signs out', async () => {
    const { browser } = await signUp();
    const copy = newBrowser();
    for (const stolen of await browser.jar.getCookies(app.url))
      await copy.jar.setCookie(stolen.cookieString(), app.url);
    expect(await isSignedIn(copy)).toBe(true);
    const answer = await browser.submit('/verify-email', 'Sign out');
    expect(answer).toMatchObject({ status: 303, location: `${app.url}/login` });
    expect(await isSignedIn(copy)).toBe(false);
  });

  it('lives 7 days after its last use and 30 days at most', async () => {
    const { browser } = await signUp();
    const idle = await signUp();
    await later(6 * DAY, async () => {
      for (let day = 6; day <= 24; day += 6) {
        expect(await isSignedIn(browser)).toBe(true);
        if (day < 24) app.clock.advance(6 * DAY);
      }
      app.clock.advance(5 * DAY);
      expect(await isSignedIn(browser)).toBe(true);
      app.clock.advance(1.1 * DAY);
      expect(await isSignedIn(browser)).toBe(false);
      expect(await isSignedIn(idle.browser)).toBe(false);
      await signUp();
      const expired = await app.database.query('SELECT 1 FROM seller_sessions WHERE expires_at <= $1', [
        app.clock.now(),
      ]);
      expect(expired).toEqual([]);
    });
  });

  it('travels in cookies that scripts and other sites cannot use', async () => {
    const browser = newBrowser();
    const first = await browser.get('/');
    expect(first.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^regrant_browser=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect((await browser.get('/')).headers.getSetCookie()).toEqual([]);
    const signedUp = await browser.submit('/signup', 'Sign up', { email: newAddress(), password: PASSWORD });
    expect(signedUp.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^regrant_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  it('has Secure cookies bound to this host over https', async () => {
    const secure = await startTestApp({ PUBLIC_URL: 'https://regrant.example' });
    try {
      const [set] = (await fetch(`${secure.url}/login`)).headers.getSetCookie();
      expect(set).toMatch(
        /^__Host-regrant_browser=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      );
    } finally {
      await secure.stop();
    }
  });

  it('is not taken for signed out when it cannot be read', async () => {
    const broken = await startTestApp();
    try {
      const browser = new BrowserClient(broken.url);
      await browser.submit('/signup', 'Sign up', { email: newAddress(), password: PASSWORD });
      await broken.database.query('ALTER TABLE seller_sessions RENAME TO elsewhere');
      expect((await browser.get('/')).status).toBe(500);
      await broken.database.query('ALTER TABLE elsewhere RENAME TO seller_sessions');
      expect((await browser.get('/')).status).toBe(303);
    } finally {
      await broken.stop();
    }
  });
});

describe('a page for signed-in sellers', () => {
  it('sends a form from a stranger to sign in', async () => {
    const answer = await newBrowser().post('/verify-email/resend', {});
    expect(answer).toMatchObject({ status: 303, location: `${app.url}/login` });
  });
});

describe('a form', () => {
  const fields = { email: 'x@example.com', password: PASSWORD };

  it.each([
    ['without a token', {}],
    ['with an empty token', { _csrf: '' }],
    ['with an invented token', { _csrf: 'A'.repeat(43) }],
  ])('is refused %s', async (_, token) => {
    const browser = newBrowser();
    await browser.get('/login');
    const answer = await browser.post('/login', { ...fields, ...token });
    expect(answer).toMatchObject({ status: 403, body: expect.stringContaining('This form has expired') });
    expect(answer.body).toContain(answer.headers.get('x-request-id'));
  });

  it('is refused with the token of another browser', async () => {
    const page = await newBrowser().get('/login');
    const victim = newBrowser();
    await victim.get('/login');
    expect((await victim.submitForm(page, '/login', 'Sign in', fields)).status).toBe(403);
  });

  it('is refused with a token from before signing in', async () => {
    const browser = newBrowser();
    const before = await browser.get('/signup');
    await signUp(newAddress(), browser);
    expect(
      (await browser.submitForm(before, '/signup', 'Sign up', { ...fields, email: newAddress() })).status,
    ).toBe(403);
  });

  it.each(['cross-site', 'same-site'])(
    'is refused when the browser says that a %s page sent it',
    async (site) => {
      const { browser } = await signUp();
      const page = await browser.get('/verify-email');
      const _csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      expect((await browser.post('/logout', { _csrf }, { 'sec-fetch-site': site })).status).toBe(403);
      expect(await isSignedIn(browser)).toBe(true);
      expect((await browser.post('/logout', { _csrf }, { 'sec-fetch-site': 'same-origin' })).status).toBe(
        303,
      );
    },
  );

  it('from another site does not replace the browser cookie', async () => {
    const answer = await newBrowser().post('/login', fields, { 'sec-fetch-site': 'cross-site' });
    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });
});

describe('pages', () => {
  it.each(['/', '/login', '/signup', '/verify-email?token=x', '/no-such-page'])(
    'of %s come with the protective headers',
    async (path) => {
      const { headers, body } = await newBrowser().get(path);
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect(body).toMatch(/<title>[^<]+ · Regrant<\/title>/);
      expect(body).not.toMatch(/ style=|<script|undefined/);
    },
  );

  it('serve their style and icon from here', async () => {
    const { body } = await newBrowser().get('/login');
    const paths = [...body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(new Set(paths)).toEqual(
      new Set(['/assets/favicon.svg', '/assets/pico.min.css', '/assets/regrant.css']),
    );
    for (const path of paths) expect((await newBrowser().get(path)).status).toBe(200);
  });

  it('escape what people enter', async () => {
    const answer = await newBrowser().submit('/login', 'Sign in', {
      email: '"><script>alert(1)</script>',
      password: 'x',
    });
    expect(answer.body).not.toContain('<script>');
  });
});
