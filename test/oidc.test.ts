import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { parseConfig } from '../src/config/config.js';
import { startTestApp, type TestApp } from './support/app.js';
import { type Answer, BrowserClient } from './support/browser-client.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { OidcTestProvider, type Person } from './support/oidc-provider.js';
import { api, signUp } from './support/people.js';

const LOGIN_URI = `/sp-api/login?amazon_callback_uri=${encodeURIComponent(
  'https://sellercentral.amazon.com/apps/authorize/confirm/amzn1.sp.solution.4cd4a4f9?x=1&y=2',
)}&amazon_state=${'AbC-_.~%2B%2F'.repeat(80)}&selling_partner_id=A2TESTUS1`;

let mailServer: MailServer;
let provider: OidcTestProvider;
let app: TestApp;

beforeAll(async () => {
  mailServer = await startMailServer();
  provider = await new OidcTestProvider().start();
  app = await startTestApp({ SMTP_URL: mailServer.url, ...provider.settings() });
  await provider.register(app.url);
});
afterAll(async () => {
  await app.stop();
  await provider.stop();
  await mailServer.stop();
});
beforeEach(() => {
  provider.person = newPerson();
});
afterEach(() => {
  provider.forgedKeys = undefined;
  provider.hangs = false;
});

const newBrowser = (at = app) => new BrowserClient(at.url);
const isSignedIn = async (browser: BrowserClient) => (await browser.get('/')).status === 303;

function newPerson(): Person & { email: string } {
  const name = randomBytes(6).toString('hex');
  return { sub: `person-${name}`, email: `${name}@example.com`, email_verified: true };
}

/** Leaves for the provider and signs in there; answers the callback's address, not yet opened. */
async function depart(browser: BrowserClient, page = '/login', at = app): Promise<string> {
  const left = await browser.submit(page, 'Continue with Acme ID');
  expect(left.status).toBe(303);
  return provider.walk(browser, left.location, `${at.url}/login/oidc/callback`);
}

async function signIn(browser: BrowserClient, page?: string): Promise<Answer> {
  return browser.get(await depart(browser, page));
}

interface Row {
  id: string;
  email: string;
  emailVerified: boolean;
}
async function sellers(email: string): Promise<Row[]> {
  const path = `/api/v1/sellers?email=${encodeURIComponent(email)}`;
  return (await api<{ items: Row[] }>(app.url, 'GET', path)).body.items;
}

describe('signing in by the identity provider', () => {
  it('makes an account at the first time and finds it again', async () => {
    const person = newPerson();
    provider.person = person;
    const first = newBrowser();
    expect((await signIn(first)).location).toBe(`${app.url}/connections`);
    expect(await isSignedIn(first)).toBe(true);
    const [account] = await sellers(person.email);
    expect(account).toMatchObject({ email: person.email, emailVerified: true });
    await signIn(newBrowser(), '/signup');
    expect(await sellers(person.email)).toEqual([account]);
    expect(app.log()).not.toContain(person.email);
    expect(app.log()).not.toContain(person.sub);
  });

  it('asks with PKCE, state and nonce, and stores the state hashed', async () => {
    const left = await newBrowser().submit('/login', 'Continue with Acme ID');
    const query = Object.fromEntries(new URL(left.location).searchParams);
    expect(query).toMatchObject({
      client_id: 'regrant',
      response_type: 'code',
      scope: 'openid email',
      redirect_uri: `${app.url}/login/oidc/callback`,
      code_challenge_method: 'S256',
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
    });
    const rows = await app.database.query<{ row: string }>('SELECT o::text AS row FROM oidc_sign_ins o');
    expect(rows.some(({ row }) => row.includes(query['state'] ?? ''))).toBe(false);
  });

  it('keeps the account when the mail address changes, and follows the address', async () => {
    const person = newPerson();
    provider.person = person;
    await signIn(newBrowser());
    const [before] = await sellers(person.email);
    const moved = { ...person, email: `moved-${person.email}` };
    provider.person = moved;
    await signIn(newBrowser());
    expect(await sellers(person.email)).toEqual([]);
    expect(await sellers(moved.email)).toMatchObject([{ id: before?.id, emailVerified: true }]);
  });

  it('leads on to where the seller was going, a log-in URI with a long query too', async () => {
    const page = `/login?next=${encodeURIComponent(LOGIN_URI)}`;
    expect((await signIn(newBrowser(), page)).location).toBe(app.url + LOGIN_URI);
    const evil = `/login?next=${encodeURIComponent('//evil.example')}`;
    expect((await signIn(newBrowser(), evil)).location).toBe(`${app.url}/connections`);
  });

  it('gives the browser a new session, and lets its form lead to the provider', async () => {
    const browser = newBrowser();
    const session = async () =>
      (await browser.jar.getCookies(app.url)).find(({ key }) => key === 'regrant_session')?.value;
    await signIn(browser);
    const first = await session();
    await browser.submit('/account', 'Sign out');
    await signIn(browser);
    expect(await session()).not.toBe(first);
    const policy = (await newBrowser().get('/login')).headers.get('content-security-policy');
    expect(policy).toContain(`form-action 'self' ${provider.issuer};`);
  });

  it('trusts an address only as far as the provider does, and mails a link otherwise', async () => {
    const person = { ...newPerson(), email_verified: false };
    provider.person = person;
    const browser = newBrowser();
    await signIn(browser);
    expect(await sellers(person.email)).toMatchObject([{ emailVerified: false }]);
    expect((await mailServer.next(person.email)).subject).toBe('Verify your email address for Regrant');
    provider.person = { ...person, email_verified: true };
    await signIn(newBrowser());
    expect(await sellers(person.email)).toMatchObject([{ emailVerified: true }]);
  });

  it('makes one account of two first sign-ins at the same moment', async () => {
    const person = newPerson();
    provider.person = person;
    const browsers = [newBrowser(), newBrowser(), newBrowser()];
    const callbacks: string[] = [];
    for (const browser of browsers) callbacks.push(await depart(browser));
    const answers = await Promise.all(browsers.map((browser, i) => browser.get(callbacks[i] ?? '')));
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(await sellers(person.email)).toHaveLength(1);
  });

  it('picks up a key that the provider has changed to', async () => {
    await signIn(newBrowser());
    await provider.rotateKeys();
    expect((await signIn(newBrowser())).status).toBe(303);
  });

  it('signs out at the provider too', async () => {
    const browser = newBrowser();
    await signIn(browser);
    const left = await browser.submit('/connections', 'Sign out');
    expect(left.location).toMatch(new RegExp(`^${provider.issuer}/session/end\\?`));
    const query = new URL(left.location).searchParams;
    expect(query.get('post_logout_redirect_uri')).toBe(`${app.url}/login`);
    expect(query.get('id_token_hint')).toMatch(/^ey/);
    expect(await isSignedIn(browser)).toBe(false);
    expect((await browser.get(left.location)).status).toBe(200);
  });
});

describe('a sign-in by the identity provider is refused', () => {
  async function refused(browser: BrowserClient, callback: string, status: number, title: string) {
    const answer = await browser.get(callback);
    expect(answer).toMatchObject({ status, body: expect.stringContaining(title) });
    expect(answer.body).toContain(answer.headers.get('x-request-id'));
    expect(await isSignedIn(browser)).toBe(false);
    return answer;
  }

  it('when the callback is replayed, and what it did stays', async () => {
    const browser = newBrowser();
    const callback = await depart(browser);
    expect((await browser.get(callback)).status).toBe(303);
    expect(await browser.get(callback)).toMatchObject({
      status: 400,
      body: expect.stringContaining('This sign-in is over'),
    });
    expect(await isSignedIn(browser)).toBe(true);
  });

  it('in a foreign browser, and the right one can still finish it', async () => {
    const browser = newBrowser();
    const callback = await depart(browser);
    const thief = newBrowser();
    await thief.get('/login');
    await refused(thief, callback, 403, 'This sign-in was started elsewhere');
    expect((await browser.get(callback)).status).toBe(303);
  });

  it('after ten minutes, and the way on is kept', async () => {
    const browser = newBrowser();
    const callback = await depart(browser, `/login?next=${encodeURIComponent('/connections/new')}`);
    app.clock.advance(600);
    const answer = await refused(browser, callback, 400, 'This sign-in is over');
    app.clock.advance(-600);
    expect(answer.body).toContain('href="/login?next=%2Fconnections%2Fnew"');
  });

  it.each(['', '?state=', '?state=a&state=b', `?state=${'A'.repeat(43)}&code=x`])(
    'when the callback is %j',
    (query) => refused(newBrowser(), `/login/oidc/callback${query}`, 400, 'This sign-in is over'),
  );

  it('when the person cancels at the provider', async () => {
    provider.person = undefined;
    const browser = newBrowser();
    await refused(browser, await depart(browser), 400, 'Signing in was cancelled');
  });

  it.each([
    ['temporarily_unavailable', 503, 'does not answer'],
    ['invalid_scope', 400, 'Signing in did not work'],
  ])('when the provider answers %s', async (error, status, title) => {
    const browser = newBrowser();
    const callback = new URL(await depart(browser));
    callback.searchParams.delete('code');
    callback.searchParams.set('error', error);
    await refused(browser, callback.href, status, title);
  });

  it('when the answer comes from another issuer', async () => {
    const browser = newBrowser();
    const callback = new URL(await depart(browser));
    callback.searchParams.set('iss', 'https://evil.example');
    await refused(browser, callback.href, 400, 'We could not confirm who you are');
  });

  it('when the nonce is another one', async () => {
    const browser = newBrowser();
    const callback = await depart(browser);
    await app.database.query(`UPDATE oidc_sign_ins SET nonce = 'another'`);
    await refused(browser, callback, 400, 'We could not confirm who you are');
  });

  it('when the code belongs to another departure', async () => {
    const browser = newBrowser();
    const callback = await depart(browser);
    await app.database.query(`UPDATE oidc_sign_ins SET code_verifier = $1`, ['v'.repeat(43)]);
    await refused(browser, callback, 400, 'We could not confirm who you are');
  });

  it('when the signature is not by a key of the provider', async () => {
    const browser = newBrowser();
    const callback = await depart(browser);
    await provider.forgeKeys();
    await refused(browser, callback, 400, 'We could not confirm who you are');
  });

  it('when the provider tells no mail address', async () => {
    provider.person = { sub: newPerson().sub };
    const browser = newBrowser();
    await refused(browser, await depart(browser), 400, 'Your mail address is missing');
  });

  it('when the account is disabled', async () => {
    const person = newPerson();
    provider.person = person;
    await signIn(newBrowser());
    const [account] = await sellers(person.email);
    await api(app.url, 'PATCH', `/api/v1/sellers/${account?.id}`, { body: { status: 'disabled' } });
    const browser = newBrowser();
    await refused(browser, await depart(browser), 403, 'This account is disabled');
  });

  it('while the provider does not answer in time', async () => {
    const browser = newBrowser();
    const callback = await depart(browser);
    provider.hangs = true;
    await refused(browser, callback, 503, 'Your sign-in service does not answer');
  });
});

describe('an account with a password', () => {
  it('is not taken over by its mail address, but linked by its owner, and unlinked again', async () => {
    const seller = await signUp(app.url);
    const person = { ...newPerson(), email: seller.email };
    provider.person = person;
    const stranger = newBrowser();
    const taken = await signIn(stranger);
    expect(taken).toMatchObject({
      status: 409,
      body: expect.stringContaining('Sign in with the password once'),
    });
    expect(await isSignedIn(stranger)).toBe(false);

    const left = await seller.submit('/account', 'Link Acme ID');
    const callback = await provider.walk(seller, left.location, `${app.url}/login/oidc/callback`);
    expect((await seller.get(callback)).location).toBe(`${app.url}/account?done=linked`);
    const [account] = await sellers(seller.email);
    expect((await signIn(newBrowser())).status).toBe(303);
    // The provider's word that the address is theirs counts, since it is the same one.
    expect(await sellers(seller.email)).toMatchObject([{ id: account?.id, emailVerified: true }]);

    expect((await seller.submit('/account', 'Unlink Acme ID')).status).toBe(303);
    expect((await signIn(newBrowser())).status).toBe(409);
  });

  it('cannot be linked to a person who has an account already', async () => {
    await signIn(newBrowser());
    const seller = await signUp(app.url);
    const left = await seller.submit('/account', 'Link Acme ID');
    const answer = await seller.get(
      await provider.walk(seller, left.location, `${app.url}/login/oidc/callback`),
    );
    expect(answer).toMatchObject({
      status: 409,
      body: expect.stringContaining('This sign-in belongs to another account'),
    });
  });

  it('is not linked when somebody else has signed in to the browser meanwhile', async () => {
    const seller = await signUp(app.url);
    const left = await seller.submit('/account', 'Link Acme ID');
    const callback = await provider.walk(seller, left.location, `${app.url}/login/oidc/callback`);
    await seller.submit('/account', 'Sign out');
    expect((await seller.get(callback)).status).toBe(403);
    expect((await signIn(newBrowser())).status).toBe(303);
  });
});

describe('an account without a password', () => {
  it('cannot be unlinked, and is deleted by retyping its address', async () => {
    const person = newPerson();
    provider.person = person;
    const browser = newBrowser();
    await signIn(browser);
    const page = await browser.get('/account');
    expect(page.body).not.toContain('Unlink Acme ID');
    const _csrf = /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    expect((await browser.post('/account/identity/unlink', { _csrf })).status).toBe(409);

    const wrong = await browser.submit('/account/delete', 'Delete account', { email: 'x@example.com' });
    expect(wrong.status).toBe(400);
    const done = await browser.submit('/account/delete', 'Delete account', { email: person.email });
    expect(done.body).toContain('Your account is deleted');
    expect(await sellers(person.email)).toEqual([]);
    const left = await app.database.query('SELECT 1 FROM seller_identities WHERE subject = $1', [person.sub]);
    expect(left).toEqual([]);
  });
});

describe('with the identity provider only', () => {
  it('has no passwords, starts without the provider, and works as soon as it is there', async () => {
    const own = await new OidcTestProvider().start();
    const settings = own.settings('oidc');
    await own.stop();
    const strict = await startTestApp(settings);
    try {
      const browser = newBrowser(strict);
      const page = await browser.get('/login');
      expect(page.body).not.toContain('type="password"');
      expect(page.body).not.toContain('Sign up');
      expect((await browser.get('/signup?next=%2Fconnections%2Fnew')).location).toBe(
        `${strict.url}/login?next=%2Fconnections%2Fnew`,
      );
      const _csrf = /name="_csrf" value="([^"]+)"/.exec((await browser.get('/verify-email')).body)?.[1] ?? '';
      for (const path of ['/forgot-password', '/reset-password?token=x'])
        expect((await browser.get(path)).status).toBe(404);
      const away = await browser.submitForm(page, '/login', 'Continue with Acme ID');
      expect(away).toMatchObject({ status: 503, body: expect.stringContaining('does not answer') });
      expect(away.headers.get('retry-after')).toBe('60');
      expect(_csrf).toBe('');

      await own.start();
      await own.register(strict.url);
      own.person = newPerson();
      const left = await browser.submitForm(page, '/login', 'Continue with Acme ID');
      const callback = await own.walk(browser, left.location, `${strict.url}/login/oidc/callback`);
      expect((await browser.get(callback)).status).toBe(303);
      const account = await browser.get('/account');
      expect(account.body).not.toContain('assword');
      const token = /name="_csrf" value="([^"]+)"/.exec(account.body)?.[1] ?? '';
      for (const path of ['/login', '/signup', '/account/password'])
        expect((await browser.post(path, { _csrf: token })).status).toBe(404);
    } finally {
      await strict.stop();
      await own.stop();
    }
  });
});

describe('without an identity provider', () => {
  it('there is no such sign-in', async () => {
    const local = await startTestApp();
    try {
      const browser = newBrowser(local);
      expect((await browser.get('/login')).body).not.toContain('Continue with');
      expect((await browser.get('/login/oidc')).status).toBe(404);
      expect((await browser.get(`/login/oidc/callback?state=${'A'.repeat(43)}`)).status).toBe(404);
    } finally {
      await local.stop();
    }
  });
});

describe('the settings of the identity provider', () => {
  it.each([
    [{ SELLER_SIGN_IN: 'oidc' }, ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'OIDC_NAME']],
    [{ SELLER_SIGN_IN: 'password' }, ['SELLER_SIGN_IN']],
    [{ OIDC_ISSUER: 'http://id.example.com' }, ['OIDC_ISSUER']],
    [{ OIDC_ISSUER: 'https://id.example.com/?tenant=1' }, ['OIDC_ISSUER']],
  ])('are refused by name when they are %j', (settings: Record<string, string>, names) => {
    const message = (): string => {
      try {
        parseConfig(settings);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const name of names) expect(message()).toContain(name);
    for (const value of Object.values(settings))
      if (value.includes('example')) expect(message()).not.toContain(value);
  });
});
