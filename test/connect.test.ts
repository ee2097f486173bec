import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { addApplication } from './support/applications.js';
import { type BrowserClient } from './support/browser-client.js';
import { PASSWORD, randomPartner, signUp } from './support/people.js';
import { Simulator } from './support/simulator.js';

const GERMANY = 'A1PA6795UKMFR9';

describe('Connecting by the website workflow', () => {
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
    seller = await signUp(app.url);
    partner = randomPartner();
  });

  const leave = (browser: BrowserClient, fields: Record<string, string> = {}) =>
    browser.submit('/connections/new', 'Continue to Amazon', fields);
  const rows = (id: string) =>
    app.database.query('SELECT * FROM authorizations WHERE selling_partner_id = $1', [id]);

  it('sends the browser to the consent page with all that Amazon asks for', async () => {
    const answer = await leave(seller, { marketplaceId: GERMANY });
    expect(answer.status).toBe(303);
    const url = new URL(answer.location);
    expect(url.pathname).toBe('/apps/authorize/consent');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      application_id: 'amzn1.sp.solution.51a7e000-0000-4000-8000-000000000001',
      state: expect.stringMatching(/^[\w-]{43}$/),
      redirect_uri: `${app.url}/sp-api/auth`,
    });
  });

  it('stores the grant under the region of the marketplace and shows the connection', async () => {
    const callback = await simulator.connect(seller, partner, {
      marketplaceId: GERMANY,
      partnerType: 'vendor',
    });
    expect(callback.status).toBe(303);
    expect(callback.location).toMatch(new RegExp(`^${app.url}/connections/[\\da-f-]{36}$`));

    const page = await seller.get(callback.location);
    expect(page.status).toBe(200);
    expect(page.body).toContain(partner);
    expect(page.body).toContain('Germany');
    expect((await seller.get('/connections')).body).toContain(partner);
    expect(await rows(partner)).toMatchObject([
      {
        region: 'EU',
        partner_type: 'vendor',
        marketplace_ids: [GERMANY],
        workflow: 'website',
        status: 'active',
      },
    ]);
  });

  it('has the yearly renewal in the connection', async () => {
    await simulator.connect(seller, partner);
    const [row] = await rows(partner);
    const days = (Number(row?.['renewal_due_at']) - Number(row?.['authorized_at'])) / 86_400_000;
    expect(days).toBe(365);
  });

  it('shows the outcome of the first callback when it arrives again, also at the same moment', async () => {
    const callback = await simulator.consent((await leave(seller)).location, partner);
    const answers = await Promise.all([seller.get(callback), seller.get(callback), seller.get(callback)]);
    const again = await seller.get(callback);
    expect(new Set([...answers, again].map(({ location }) => location)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect((await simulator.lwaCalls(partner))['authorization_code']).toBe(1);
  });

  it('keeps two connections apart that were begun in two tabs', async () => {
    const [first, second] = [await leave(seller), await leave(seller, { marketplaceId: GERMANY })];
    const other = randomPartner();
    await seller.get(await simulator.consent(second.location, other, { other_region: 'EU' }));
    await seller.get(await simulator.consent(first.location, partner));
    expect(await rows(partner)).toMatchObject([{ region: 'NA' }]);
    expect(await rows(other)).toMatchObject([{ region: 'EU' }]);
  });

  it('replaces the token and keeps the id when the same seller connects the same account again', async () => {
    const first = await simulator.connect(seller, partner);
    const [before] = await rows(partner);
    app.clock.advance(86_400);
    const second = await simulator.connect(seller, partner);
    const [after, ...more] = await rows(partner);
    expect(more).toEqual([]);
    expect(second.location).toBe(first.location);
    expect(after?.['sealed_refresh_token']).not.toBe(before?.['sealed_refresh_token']);
    expect(Number(after?.['authorized_at'])).toBeGreaterThan(Number(before?.['authorized_at']));
  });

  describe('never attaches a grant', () => {
    let callback: string;
    beforeEach(async () => {
      callback = await simulator.consent((await leave(seller)).location, partner);
    });
    const nothingConnected = async () => expect(await rows(partner)).toEqual([]);

    it('to another account that opens the callback', async () => {
      const stranger = await signUp(app.url);
      const answer = await stranger.get(callback);
      expect(answer.status).toBe(403);
      expect(answer.body).toContain('started elsewhere');
      await nothingConnected();
    });

    it('to another account in the same browser', async () => {
      await seller.submit('/connections', 'Sign out');
      const other = await signUp(app.url);
      await seller.submit('/login', 'Sign in', { email: other.email, password: PASSWORD });
      expect((await seller.get(callback)).status).toBe(403);
      await nothingConnected();
    });

    it('when the seller has signed out, and still does so after signing in again', async () => {
      await seller.submit('/connections', 'Sign out');
      const answer = await seller.get(callback);
      expect(answer.status).toBe(403);
      expect(answer.body).toContain('Sign in and connect again');
      await nothingConnected();
      await seller.submit('/login', 'Sign in', { email: seller.email, password: PASSWORD });
      expect((await seller.get(callback)).status).toBe(303);
    });

    it('after ten minutes', async () => {
      app.clock.advance(601);
      const answer = await seller.get(callback);
      expect(answer.status).toBe(400);
      expect(answer.body).toContain('took too long');
      await nothingConnected();
    });

    it('without our state', async () => {
      const url = new URL(callback);
      url.searchParams.set('state', 'x'.repeat(43));
      const answer = await seller.get(url.href);
      expect(answer.status).toBe(400);
      expect(answer.body).toContain('Sign in and connect again');
      await nothingConnected();
    });

    it.each([
      ['a missing parameter', (url: URL) => url.searchParams.delete('selling_partner_id')],
      ['a missing state', (url: URL) => url.searchParams.delete('state')],
      ['a repeated parameter', (url: URL) => url.searchParams.append('spapi_oauth_code', 'again')],
      ['an oversized parameter', (url: URL) => url.searchParams.set('spapi_oauth_code', 'x'.repeat(3000))],
      ['no code, as after a cancel', (url: URL) => url.searchParams.delete('spapi_oauth_code')],
    ])('with %s, and the right address still works afterwards', async (_what, spoil) => {
      const url = new URL(callback);
      spoil(url);
      const answer = await seller.get(url.href);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatch(/Reference number/);
      await nothingConnected();
      expect((await seller.get(callback)).status).toBe(303);
    });

    it('when Amazon refuses the code, and says so again for the same callback', async () => {
      const url = new URL(callback);
      url.searchParams.set('spapi_oauth_code', 'ANwrong');
      for (const address of [url.href, callback]) {
        const answer = await seller.get(address);
        expect(answer.status).toBe(400);
        expect(answer.body).toContain('Amazon did not accept the authorization');
      }
      await nothingConnected();
    });
  });

  it.each([
    ['is throttled', { scenario: 'throttled' }],
    ['fails', { scenario: 'error500' }],
    ['answers garbage', { scenario: 'garbage' }],
  ])('explains when Amazon %s, and works when the seller tries again', async (_what, trouble) => {
    await simulator.partner(partner, trouble);
    const answer = await simulator.connect(seller, partner);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(answer.body).toContain('Amazon does not answer right now');
    await simulator.partner(partner, { scenario: 'normal' });
    expect((await simulator.connect(seller, partner)).status).toBe(303);
  });

  it('tells of our own trouble when Amazon rejects our credentials', async () => {
    await simulator.application({ scenario: 'secretExpired' });
    const answer = await simulator
      .connect(seller, partner)
      .finally(() => simulator.application({ scenario: 'normal' }));
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('nothing you did');
  });

  it('leaves an Amazon account with the account that connected it first', async () => {
    const first = await simulator.connect(seller, partner);
    const other = await signUp(app.url);
    const answer = await simulator.connect(other, partner);
    expect(answer.status).toBe(409);
    expect(answer.body).toContain('already connected');
    expect((await seller.get(first.location)).status).toBe(200);
    expect((await other.get(first.location)).status).toBe(404);
  });

  it('reads a state that a crash left taken as interrupted, and lets the seller start again', async () => {
    const callback = await simulator.consent((await leave(seller)).location, partner);
    await app.database.query('UPDATE oauth_states SET used_at = $1 WHERE finished_at IS NULL', [
      app.clock.now(),
    ]);
    app.clock.advance(120);
    const answer = await seller.get(callback);
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('interrupted');
    expect((await simulator.connect(seller, partner)).status).toBe(303);
  });

  it('renews only with the same Amazon account', async () => {
    const { location } = await simulator.connect(seller, partner);
    const wrong = await seller.submit(location, 'Renew');
    const answer = await seller.get(await simulator.consent(wrong.location, randomPartner()));
    expect(answer.status).toBe(409);
    expect(answer.body).toContain('different Amazon account');
    const right = await seller.submit(location, 'Renew');
    expect((await seller.get(await simulator.consent(right.location, partner))).location).toBe(location);
  });

  it('disconnects after asking once more, and destroys the token', async () => {
    const { location } = await simulator.connect(seller, partner);
    const question = await seller.submit(location, 'Disconnect');
    expect(question.body).toContain('Disconnect this Amazon account?');
    expect(await rows(partner)).toMatchObject([{ status: 'active' }]);
    const answer = await seller.submitForm(question, location, 'Disconnect');
    expect(answer.location).toBe(location);
    expect((await seller.get(location)).body).toContain('Disconnected');
    expect(await rows(partner)).toMatchObject([{ status: 'disconnected', sealed_refresh_token: null }]);
  });

  it('sends a stranger to sign in first, and back to where they wanted to go', async () => {
    const stranger = await signUp(app.url);
    await stranger.submit('/connections', 'Sign out');
    const answer = await stranger.get('/connections/new');
    expect(answer.status).toBe(303);
    expect(answer.location).toBe(`${app.url}/login?next=%2Fconnections%2Fnew`);
  });
});

describe('Connecting with a draft application', () => {
  it('asks for the draft version at Amazon', async () => {
    const simulator = await Simulator.start();
    await simulator.application({ draft: true });
    const app = await startTestApp({ ...simulator.settings, SPAPI_APPLICATION_DRAFT: 'true' });
    try {
      const seller = await signUp(app.url);
      const left = await seller.submit('/connections/new', 'Continue to Amazon');
      expect(new URL(left.location).searchParams.get('version')).toBe('beta');
      expect((await simulator.connect(seller, randomPartner())).status).toBe(303);
    } finally {
      await app.stop();
      await simulator.stop();
    }
  });
});

describe('Where there are several applications', () => {
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

  it('a seller chooses, among those that Amazon lets a seller authorize', async () => {
    const seller = await signUp(app.url);
    expect((await seller.get('/connections/new')).body).not.toContain('name="applicationId"');
    const warehouse = await addApplication(app, simulator, { name: 'Warehouse' });
    await addApplication(app, simulator, { name: 'In-house', type: 'private' });
    const form = (await seller.get('/connections/new')).body;
    expect(form).toContain('Warehouse');
    expect(form).not.toContain('In-house');

    const partner = randomPartner();
    const done = await simulator.connect(seller, partner, { applicationId: warehouse.id });
    expect(done.status).toBe(303);
    const sql = 'SELECT application_id FROM authorizations WHERE selling_partner_id = $1';
    expect(await app.database.query(sql, [partner])).toEqual([{ application_id: warehouse.id }]);
  });

  it('and none is taken for granted', async () => {
    const seller = await signUp(app.url);
    const answer = await seller.submit('/connections/new', 'Continue to Amazon', { applicationId: '' });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('Choose an application.');
  });
});

describe('The form of a new connection', () => {
  it('comes back with its problems and with what was chosen', async () => {
    const simulator = await Simulator.start();
    const app = await startTestApp(simulator.settings);
    try {
      const seller = await signUp(app.url);
      const fields = { marketplaceId: 'nowhere', partnerType: 'vendor' };
      const answer = await seller.submit('/connections/new', 'Continue to Amazon', fields);
      expect(answer.status).toBe(400);
      expect(answer.body).toContain('Choose one of the marketplaces.');
      expect(answer.body).toMatch(/value="vendor" checked/);
    } finally {
      await app.stop();
      await simulator.stop();
    }
  });
});
