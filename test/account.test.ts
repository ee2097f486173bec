import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { type Answer, BrowserClient } from './support/browser-client.js';
import { api, PASSWORD, randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

const NEW_PASSWORD = 'a quiet lamp by the river';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0';

let simulator: Simulator;
let app: TestApp;

beforeAll(async () => {
  simulator = await Simulator.start();
  app = await startTestApp(simulator.settings);
});
afterAll(async () => {
  await app.stop();
  await simulator.stop();
});

const newBrowser = () => new BrowserClient(app.url);
const isSignedIn = async (browser: BrowserClient) => (await browser.get('/')).status === 303;

async function signIn(email: string, password = PASSWORD): Promise<BrowserClient> {
  const browser = newBrowser();
  const answer = await browser.submit('/login', 'Sign in', { email, password });
  expect(answer.status).toBe(303);
  return browser;
}

const csrf = (page: Answer) => /name="_csrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';

describe('the account page', () => {
  it('is for who is signed in, and linked from every page of theirs', async () => {
    expect((await newBrowser().get('/account')).location).toBe(`${app.url}/login?next=%2Faccount`);
    const seller = await signUp(app.url);
    expect((await seller.get('/connections')).body).toContain('<a href="/account">Account</a>');
    expect((await seller.get('/account')).body).toContain(seller.email);
  });

  it('changes the password of who knows the current one, and ends the other sessions', async () => {
    const seller = await signUp(app.url);
    const elsewhere = await signIn(seller.email);
    const fields = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    const answer = await seller.submit('/account', 'Change password', fields);
    expect(answer.location).toBe(`${app.url}/account?done=password`);
    expect((await seller.get('/account?done=password')).body).toContain('Your password is changed');
    expect([await isSignedIn(seller), await isSignedIn(elsewhere)]).toEqual([true, false]);
    await signIn(seller.email, NEW_PASSWORD);
  });

  it.each([
    ['nothing', '', '', /id="currentPassword-problem".*Enter your current/s, /id="newPassword-problem"/],
    ['wrong and weak', 'wrong', 'short', /id="currentPassword-problem".*not your/s, /newPassword-problem/],
  ])('names all problems at once when %s is entered', async (_, currentPassword, newPassword, ...found) => {
    const seller = await signUp(app.url);
    const answer = await seller.submit('/account', 'Change password', { currentPassword, newPassword });
    expect(answer.status).toBe(400);
    for (const problem of found) expect(answer.body).toMatch(problem);
    await signIn(seller.email);
  });

  it('does not let somebody at the screen guess the password for ever', async () => {
    const seller = await signUp(app.url);
    const page = await seller.get('/account');
    const guess = (currentPassword: string) =>
      seller.submitForm(page, '/account', 'Change password', { currentPassword, newPassword: NEW_PASSWORD });
    for (let count = 1; count <= 10; count += 1) await guess('wrong');
    expect((await guess(PASSWORD)).status).toBe(400);
  });

  it('cannot be used with a reset link that was mailed for the old password', async () => {
    const seller = await signUp(app.url);
    await seller.submit('/forgot-password', 'Send the link', { email: seller.email });
    await seller.submit('/account', 'Change password', {
      currentPassword: PASSWORD,
      newPassword: NEW_PASSWORD,
    });
    const open = await app.database.query(
      `SELECT 1 FROM seller_links l JOIN sellers s ON s.id = l.seller_id
       WHERE s.email = $1 AND purpose = 'reset_password'`,
      [seller.email],
    );
    expect(open).toEqual([]);
  });

  it('lists where the seller is signed in and signs out one of them', async () => {
    const seller = await signUp(app.url);
    const other = newBrowser();
    const login = await other.get('/login');
    const fields = { _csrf: csrf(login), email: seller.email, password: PASSWORD };
    await other.post('/login', fields, { 'user-agent': FIREFOX });
    const third = await signIn(seller.email);

    const page = await seller.get('/account');
    expect(page.body.match(/This one/g)).toHaveLength(1);
    expect(page.body).toContain('>Firefox on Linux</td>');
    const row = /Firefox on Linux[\s\S]*?name="session" value="([\da-f]{64})"/.exec(page.body)?.[1] ?? '';
    await seller.post('/account/sessions/end', { _csrf: csrf(page), session: row });
    expect([await isSignedIn(other), await isSignedIn(third)]).toEqual([false, true]);
    await seller.submit('/account', 'Sign out everywhere else');
    expect([await isSignedIn(third), await isSignedIn(seller)]).toEqual([false, true]);
  });

  it("does not touch another seller's sessions", async () => {
    const [one, two] = [await signUp(app.url), await signUp(app.url)];
    const second = await signIn(two.email);
    const session = /name="session" value="([\da-f]{64})"/.exec((await two.get('/account')).body)?.[1] ?? '';
    expect(session).not.toBe('');
    await one.post('/account/sessions/end', { _csrf: csrf(await one.get('/account')), session });
    expect(await isSignedIn(second)).toBe(true);
  });
});

describe('deleting an account', () => {
  /** A seller with a connection that has vended a token. */
  async function connectedSeller() {
    const seller = await signUp(app.url);
    const landed = await simulator.connect(seller, randomPartner());
    const id = landed.location.split('/').at(-1) ?? '';
    await app.database.query('UPDATE authorizations SET contact_email = $1 WHERE id = $2', [
      seller.email,
      id,
    ]);
    expect((await vend(id)).status).toBe(200);
    return { seller, id };
  }
  const vend = (id: string) =>
    api(app.url, 'POST', `/api/v1/authorizations/${id}/access-token`, { body: {} });

  it('asks for the password, then destroys the tokens and erases the person', async () => {
    const { seller, id } = await connectedSeller();
    const page = await seller.get('/account/delete');
    expect(page.body).toContain('your Amazon connection ends here');
    const wrong = await seller.submitForm(page, '/account/delete', 'Delete account', { password: 'wrong' });
    expect(wrong).toMatchObject({ status: 400, body: expect.stringContaining('This is not your password') });

    const elsewhere = await signIn(seller.email);
    const done = await seller.submit('/account/delete', 'Delete account', { password: PASSWORD });
    expect(done).toMatchObject({ status: 200, body: expect.stringContaining('Your account is deleted') });
    expect(done.body).not.toContain(seller.email);
    expect([await isSignedIn(seller), await isSignedIn(elsewhere)]).toEqual([false, false]);

    expect((await vend(id)).status).toBe(410);
    const { body } = await api(app.url, 'GET', `/api/v1/authorizations/${id}`);
    expect(body).toMatchObject({ status: 'disconnected', sellerId: null, contactEmail: null });
    const dump = await app.database.query<{ row: string }>(
      `SELECT s::text AS row FROM sellers s UNION ALL SELECT a::text FROM authorizations a
       UNION ALL SELECT e::text FROM events e`,
    );
    expect(dump.some(({ row }) => row.includes(seller.email))).toBe(false);
    const events = await app.database.query<{ type: string }>(
      `SELECT type FROM events WHERE authorization_id = $1 OR (seller_id = (SELECT seller_id FROM events
       WHERE authorization_id = $1 LIMIT 1) AND type LIKE 'seller.%') ORDER BY id`,
      [id],
    );
    expect(events.map(({ type }) => type)).toEqual([
      'seller.created',
      'authorization.created',
      'authorization.disconnected',
      'seller.deleted',
    ]);
  });

  it('changes nothing at all when its last step fails', async () => {
    const { seller, id } = await connectedSeller();
    await app.database.query(
      `CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'no'; END $$ LANGUAGE plpgsql`,
    );
    await app.database.query(
      'CREATE TRIGGER refuse BEFORE DELETE ON sellers FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    try {
      const failed = await seller.submit('/account/delete', 'Delete account', { password: PASSWORD });
      expect(failed.status).toBe(500);
    } finally {
      await app.database.query('DROP FUNCTION refuse CASCADE');
    }
    expect(await isSignedIn(seller)).toBe(true);
    expect((await vend(id)).status).toBe(200);
    const { body } = await api(app.url, 'GET', `/api/v1/authorizations/${id}`);
    expect(body).toMatchObject({ status: 'active', contactEmail: seller.email });
  });

  it('frees the address for a new account', async () => {
    const seller = await signUp(app.url);
    await seller.submit('/account/delete', 'Delete account', { password: PASSWORD });
    const again = await newBrowser().submit('/signup', 'Sign up', {
      email: seller.email,
      password: PASSWORD,
    });
    expect(again.status).toBe(303);
  });

  it('leaves no connection behind that was finished at the same moment', async () => {
    for (let round = 1; round <= 3; round += 1) {
      const seller = await signUp(app.url);
      const left = await seller.submit('/connections/new', 'Continue to Amazon');
      const callback = await simulator.consent(left.location, randomPartner());
      const page = await seller.get('/account/delete');
      await Promise.all([
        seller.get(callback),
        seller.submitForm(page, '/account/delete', 'Delete account', { password: PASSWORD }),
      ]);
      const orphans = await app.database.query(
        `SELECT 1 FROM authorizations WHERE seller_id IS NULL AND status <> 'disconnected'`,
      );
      expect(orphans).toEqual([]);
    }
  });
});
