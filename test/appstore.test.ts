import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { BrowserClient } from './support/browser-client.js';
import { AmazonProxy } from './support/amazon-proxy.js';
import { PASSWORD, randomPartner, signUp } from './support/people.js';
import { APPLICATION, Simulator } from './support/simulator.js';

const CONFIRM = 'Continue to Amazon';
const CONFIRM_PATH = `/apps/authorize/confirm/${APPLICATION.SPAPI_APPLICATION_ID}`;

describe('The Selling Partner Appstore workflow', () => {
  let simulator: Simulator;
  let app: TestApp;
  let seller: BrowserClient & { email: string };
  let partner: string;

  beforeAll(async () => {
    simulator = await Simulator.start();
    app = await startTestApp(simulator.settings);
  });
  afterAll(async () => {
    await app.stop();
    await simulator.stop();
  });
  beforeEach(async () => {
    await simulator.application({ loginUri: `${app.url}/sp-api/login` });
    seller = await signUp(app.url);
    partner = randomPartner();
  });

  const rows = (id = partner) =>
    app.database.query('SELECT * FROM authorizations WHERE selling_partner_id = $1', [id]);
  const loginUri = (parameters: Record<string, string>) =>
    `/sp-api/login?${new URLSearchParams({
      amazon_callback_uri: `${simulator.url}${CONFIRM_PATH}`,
      amazon_state: 'amazon-state',
      selling_partner_id: partner,
      ...parameters,
    }).toString()}`;
  /** From the Appstore to the confirmed connection, in a browser that is signed in. */
  const connect = async (browser: BrowserClient, fields: Record<string, string> = {}) => {
    const left = await browser.submit(await simulator.appstore(partner), CONFIRM, fields);
    return browser.get(await simulator.confirm(left.location));
  };

  it('connects: asks, hands Amazon’s state back unchanged, and stores the grant', async () => {
    const address = await simulator.appstore(partner);
    const question = await seller.get(address);
    expect(question.body).toContain('Connect this Amazon account?');
    expect(question.body).toContain(partner);
    const left = await seller.submitForm(question, address, CONFIRM);
    expect(left.status).toBe(303);
    const raw = (url: string) => /[?&]amazon_state=([^&]*)/.exec(url)?.[1];
    expect(raw(left.location)).toBe(raw(address));
    expect(left.location.startsWith(`${simulator.url}${CONFIRM_PATH}?`)).toBe(true);
    const sent = new URL(left.location).searchParams;
    expect(sent.get('state')).toMatch(/^[\w-]{43}$/);
    expect(sent.get('redirect_uri')).toBe(`${app.url}/sp-api/auth`);
    expect(sent.has('version')).toBe(false);

    const done = await seller.get(await simulator.confirm(left.location));
    expect(done.status).toBe(303);
    expect(done.location).toMatch(/\/connections\/[\da-f-]{36}$/);
    expect(await rows()).toMatchObject([{ workflow: 'appstore', region: 'NA', status: 'active' }]);
  });

  it('returns what Amazon’s state is made of, byte for byte, whatever it is made of', async () => {
    for (const raw of ['a+b/c==', 'a%2Bb%2Fc%3D%3D', 'x%253D-_.~', '%7E~!*()', 'a%20b']) {
      const left = await seller.submit(
        `${loginUri({}).replace('amazon_state=amazon-state', `amazon_state=${raw}`)}`,
        CONFIRM,
      );
      expect(left.location).toContain(`?amazon_state=${raw}&state=`);
    }
  });

  it('keeps everything through sign-in, also after a wrong password', async () => {
    await seller.submit('/connections', 'Sign out');
    const address = await simulator.appstore(partner);
    const toSignIn = await seller.get(address);
    expect(new URL(toSignIn.location).pathname).toBe('/login');
    const fields = { email: seller.email, password: 'not the right password' };
    const refused = await seller.submit(toSignIn.location, 'Sign in', fields);
    expect(refused.status).toBe(401);
    const back = await seller.submitForm(refused, toSignIn.location, 'Sign in', {
      ...fields,
      password: PASSWORD,
    });
    expect(back.location).toBe(address);
    const left = await seller.submit(back.location, CONFIRM);
    expect((await seller.get(await simulator.confirm(left.location))).status).toBe(303);
  });

  it('keeps everything through sign-up, which the sign-in page links to', async () => {
    const stranger = new BrowserClient(app.url);
    const address = await simulator.appstore(partner);
    const signIn = await stranger.get((await stranger.get(address)).location);
    const href = /href="(\/signup\?next=[^"]*)"/.exec(signIn.body)?.[1] ?? '';
    const email = `new-${partner.toLowerCase()}@example.com`;
    const back = await stranger.submit(href.replaceAll('&amp;', '&'), 'Sign up', {
      email,
      password: PASSWORD,
    });
    expect(back.location).toBe(address);
    const left = await stranger.submit(back.location, CONFIRM);
    expect((await stranger.get(await simulator.confirm(left.location))).status).toBe(303);
  });

  it('works in a second tab after the first one was left open', async () => {
    const [first, second] = [await simulator.appstore(partner), await simulator.appstore(randomPartner())];
    const [leftFirst, leftSecond] = [
      await seller.submit(first, CONFIRM),
      await seller.submit(second, CONFIRM),
    ];
    expect((await seller.get(await simulator.confirm(leftSecond.location))).status).toBe(303);
    expect((await seller.get(await simulator.confirm(leftFirst.location))).status).toBe(303);
  });

  it('makes one exchange and one authorization of a replayed, reloaded or repeated callback', async () => {
    const left = await seller.submit(await simulator.appstore(partner), CONFIRM);
    const callback = await simulator.confirm(left.location);
    const answers = await Promise.all([seller.get(callback), seller.get(callback)]);
    answers.push(await seller.get(callback));
    expect(new Set(answers.map(({ location }) => location)).size).toBe(1);
    expect((await simulator.lwaCalls(partner))['authorization_code']).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  it('gives each press of the button a state of its own: the back button is harmless', async () => {
    const address = await simulator.appstore(partner);
    const first = await seller.submit(address, CONFIRM);
    const second = await seller.submit(address, CONFIRM);
    const state = (url: string) => new URL(url).searchParams.get('state');
    expect(state(first.location)).not.toBe(state(second.location));
    expect((await seller.get(await simulator.confirm(second.location))).status).toBe(303);
  });

  it('attaches nothing in a second browser, whoever is signed in there', async () => {
    const left = await seller.submit(await simulator.appstore(partner), CONFIRM);
    const callback = await simulator.confirm(left.location);
    const stranger = await signUp(app.url);
    expect((await stranger.get(callback)).status).toBe(403);
    expect(await rows()).toEqual([]);
    expect((await seller.get(callback)).status).toBe(303);
  });

  it('insists that the selling partner who comes back is the one that Amazon announced', async () => {
    const left = await seller.submit(await simulator.appstore(partner), CONFIRM);
    const callback = new URL(await simulator.confirm(left.location));
    const other = randomPartner();
    callback.searchParams.set('selling_partner_id', other);
    const answer = await seller.get(callback.href);
    expect(answer.status).toBe(409);
    expect(answer.body).toContain('different Amazon account');
    expect([...(await rows()), ...(await rows(other))]).toEqual([]);
  });

  it('asks for the draft version when Amazon speaks of a draft', async () => {
    const left = await seller.submit(loginUri({ version: 'beta' }), CONFIRM);
    expect(new URL(left.location).searchParams.get('version')).toBe('beta');
  });

  it('resolves a relative address against the Central of the marketplace', async () => {
    const left = await seller.submit(loginUri({ amazon_callback_uri: CONFIRM_PATH }), CONFIRM);
    expect(left.location.startsWith(`${simulator.url}${CONFIRM_PATH}?amazon_state=amazon-state&state=`)).toBe(
      true,
    );
  });

  it.each([
    ['another site', { amazon_callback_uri: `https://evil.example${CONFIRM_PATH}` }],
    ['a look-alike', { amazon_callback_uri: `https://sellercentral.amazon.attacker.com${CONFIRM_PATH}` }],
    ['a path of Amazon’s that is not the confirmation', { amazon_callback_uri: 'https://amazon.com/gp/x' }],
    [
      'an application that is not ours',
      {
        amazon_callback_uri: 'https://amazon.com/apps/authorize/confirm/amzn1.sp.solution.somebody-elses',
      },
    ],
    ['no address at all', { amazon_callback_uri: '' }],
    ['no state of Amazon’s', { amazon_state: '' }],
    ['no selling partner', { selling_partner_id: '' }],
    ['a selling partner that is none', { selling_partner_id: '"><script>' }],
  ])('redirects nowhere for %s, signed in or not', async (_what, parameters) => {
    for (const browser of [seller, new BrowserClient(app.url)]) {
      const answer = await browser.get(loginUri(parameters));
      expect(answer.status).toBe(400);
      expect(answer.location).toBe('');
      expect(answer.body).toContain('Reference number');
    }
  });

  it('refuses parameters that come twice', async () => {
    const answer = await seller.get(`${loginUri({})}&amazon_callback_uri=https%3A%2F%2Fevil.example`);
    expect(answer.status).toBe(400);
  });

  describe('for a selling partner who is connected already', () => {
    let connection: string;
    beforeEach(async () => {
      connection = (await connect(seller)).location;
    });

    it('renews: the connection keeps its id, the new token is tried once and replaces the old one', async () => {
      const [before] = await rows();
      app.clock.advance(300 * 86_400);
      const address = await simulator.appstore(partner);
      expect(
        (await seller.submit('/login', 'Sign in', { email: seller.email, password: PASSWORD })).status,
      ).toBe(303);
      expect((await seller.get(address)).body).toContain('connected already');
      const left = await seller.submit(address, CONFIRM);
      expect((await seller.get(await simulator.confirm(left.location))).location).toBe(connection);
      const [after, ...more] = await rows();
      expect(more).toEqual([]);
      expect(after?.['id']).toBe(before?.['id']);
      expect(after?.['sealed_refresh_token']).not.toBe(before?.['sealed_refresh_token']);
      expect(Number(after?.['authorized_at']) - Number(before?.['authorized_at'])).toBeGreaterThan(
        299 * 86_400_000,
      );
      expect(await simulator.lwaCalls(partner)).toMatchObject({ authorization_code: 2, refresh_token: 1 });
    });

    it('explains and moves nothing when somebody else is signed in', async () => {
      const before = await rows();
      const other = await signUp(app.url);
      const answer = await other.get(await simulator.appstore(partner));
      expect(answer.status).toBe(409);
      expect(answer.body).toContain('connected to another account');
      expect(await rows()).toEqual(before);
    });

    it('leads a lapsed seller who arrives without our state to sign in and connect again', async () => {
      const left = await seller.submit(await simulator.appstore(partner), CONFIRM);
      const callback = new URL(await simulator.confirm(left.location));
      callback.searchParams.delete('state');
      const before = await rows();
      const lapsed = new BrowserClient(app.url);
      const page = await lapsed.get(callback.href);
      expect(page.status).toBe(400);
      expect(page.body).toContain('Sign in and connect again');
      expect(await rows()).toEqual(before);
      const href = /href="(\/login[^"]*)"/.exec(page.body)?.[1] ?? '';
      const next = await lapsed.submit(href, 'Sign in', { email: seller.email, password: PASSWORD });
      const consent = await lapsed.submit(next.location, CONFIRM);
      expect((await lapsed.get(await simulator.consent(consent.location, partner))).location).toBe(
        connection,
      );
    });
  });
});

describe('A renewal whose new token does not work', () => {
  let simulator: Simulator;
  let amazon: AmazonProxy;
  let app: TestApp;

  beforeAll(async () => {
    simulator = await Simulator.start();
    amazon = await AmazonProxy.start(simulator.url);
    app = await startTestApp({ ...simulator.settings, ...amazon.settings });
  });
  afterAll(async () => {
    await app.stop();
    amazon.stop();
    await simulator.stop();
  });

  it('leaves the old one in place and says so', async () => {
    const seller = await signUp(app.url);
    const partner = randomPartner();
    const { location } = await simulator.connect(seller, partner);
    const rows = () =>
      app.database.query('SELECT * FROM authorizations WHERE selling_partner_id = $1', [partner]);
    const before = await rows();
    const left = await seller.submit(location, 'Renew');
    const callback = await simulator.consent(left.location, partner);
    amazon.intercept = ({ form }) =>
      form.get('grant_type') === 'refresh_token'
        ? { status: 400, body: { error: 'invalid_grant' } }
        : undefined;
    const answer = await seller.get(callback);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('Amazon did not accept the authorization');
    expect(await rows()).toEqual(before);
  });
});
