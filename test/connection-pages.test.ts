import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { addApplication } from './support/applications.js';
import { BrowserClient } from './support/browser-client.js';
import { drain } from './support/deliveries.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { api, randomPartner, signUp } from './support/people.js';
import { type Grant, imported, run } from './support/renewals.js';
import { Simulator } from './support/simulator.js';

const GERMANY = 'A1PA6795UKMFR9';

let simulator: Simulator;
let mailServer: MailServer;
let app: TestApp;
let seller: Awaited<ReturnType<typeof signUp>>;

beforeAll(async () => {
  simulator = await Simulator.start();
  mailServer = await startMailServer();
  app = await startTestApp({ ...simulator.settings, SMTP_URL: mailServer.url });
  seller = await signUp(app.url);
});
afterAll(async () => {
  await app.stop();
  await mailServer.stop();
  await simulator.stop();
});

describe('The page of a connection', () => {
  it('promises no date to one that Amazon refuses, here and in the list', async () => {
    const partner = randomPartner();
    const { location } = await simulator.connect(seller, partner);
    expect((await seller.get(location)).body).toContain('Renew by');

    await simulator.partner(partner, { scenario: 'revoked' });
    const path = `/api/v1/authorizations/${location.split('/').pop()}/access-token`;
    expect((await api(app.url, 'POST', path, { body: { forceRefresh: true } })).status).toBe(409);
    const page = (await seller.get(location)).body;
    expect(page).toContain('Reconnect needed');
    expect(page).not.toContain('Renew by');
    expect(page).toContain('<button>Renew</button>');
    const row = new RegExp(`${partner}(?:(?!</tr>)[^])*`).exec((await seller.get('/connections')).body)?.[0];
    expect(row).not.toContain('<time');
  });

  it('offers to connect a disconnected one again, which brings the same connection back', async () => {
    const partner = randomPartner();
    const { location } = await simulator.connect(seller, partner);
    const question = await seller.submit(location, 'Disconnect');
    await seller.submitForm(question, location, 'Disconnect');
    const page = (await seller.get(location)).body;
    expect(page).not.toMatch(/Renew/);
    expect(page).not.toContain('>Disconnect<');

    const left = await seller.submit(location, 'Connect again');
    const back = await seller.get(await simulator.consent(left.location, partner));
    expect(back.location).toBe(location);
    expect((await seller.get(location)).body).toContain('<button>Renew</button>');
  });
});

describe('The renewal of a connection', () => {
  const idOf = async () => {
    const [row] = await app.database.query<{ id: string }>('SELECT id FROM sellers WHERE email = $1', [
      seller.email,
    ]);
    return row?.id ?? '';
  };
  /** A connection of this seller, given so many days ago, after a run that has told of it. */
  const reminded = async (daysAgo: number): Promise<Grant> => {
    const connection = await imported(app, daysAgo, { sellerId: await idOf(), marketplaceId: GERMANY });
    await run(app);
    await drain(app);
    return connection;
  };
  const pageOf = async ({ id }: { id: string }) => (await seller.get(`/connections/${id}`)).body;
  const rowOf = async ({ sellingPartnerId }: Grant) =>
    new RegExp(`${sellingPartnerId}(?:(?!</tr>)[^])*`).exec((await seller.get('/connections')).body)?.[0];
  const dayText = ({ renewal }: Grant) =>
    new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).format(
      new Date(renewal.dueAt ?? NaN),
    );
  const history = (page: string): string[] =>
    [...page.matchAll(/<li><time[^>]*>[^<]*<\/time><p>([^<]*)<\/p>/g)].map(([, sentence]) => sentence ?? '');

  it('stands in a banner with its date and the one button Renew when it is due, and in the list in words', async () => {
    const connection = await reminded(360);
    const page = await pageOf(connection);
    const banner = /<div class="notice warn with-action">[^]*?<\/form>/.exec(page)?.[0];
    expect(banner?.replace(/<[^>]*>/g, '')).toContain(`Renew by ${dayText(connection)}, in 5 days.`);
    expect(banner).toContain('<button>Renew</button>');
    expect(page.split('<button>Renew</button>')).toHaveLength(2);
    expect(await rowOf(connection)).toMatch(
      new RegExp(`Renewal due[^]*${dayText(connection)}</time> <small>due, in 5 days</small>`),
    );
    expect(history(page)).toEqual([
      'Reminder by mail (5 days left): sent',
      'It is time to renew',
      'Connected by an operator',
    ]);
  });

  it('says since when it is overdue, and that it still works', async () => {
    const connection = await reminded(368);
    const page = await pageOf(connection);
    expect(page.replace(/<[^>]*>/g, '')).toContain(
      `Renewal is overdue: it was due on ${dayText(connection)}, 3 days ago.`,
    );
    expect(page).toContain('The connection still works');
    expect(await rowOf(connection)).toContain('<small>overdue, 3 days ago</small>');
  });

  it('is no matter of a banner before the first reminder', async () => {
    const page = await pageOf(await reminded(10));
    expect(page).not.toMatch(/notice (warn|bad)/);
    expect(page).toContain('<button>Renew</button>');
  });

  it('tells in the history which reminders could not be delivered, without an address', async () => {
    mailServer.answers.set(seller.email, '550 5.1.1 Unknown');
    const connection = await reminded(364.5);
    mailServer.answers.clear();
    const page = await pageOf(connection);
    expect(history(page)).toEqual([
      'Reminder by mail (1 day left): came back, the mail server of the recipient refused it',
      'It is time to renew',
      'Connected by an operator',
    ]);
    await app.database.query(
      `UPDATE deliveries SET status = 'sent', sent_to = 'contact' WHERE authorization_id = $1`,
      [connection.id],
    );
    await api(app.url, 'PATCH', `/api/v1/authorizations/${connection.id}`, {
      body: { contactEmail: 'contact@example.com' },
    });
    const later = await pageOf(connection);
    expect(history(later)).toContain(
      'Reminder by mail (1 day left): sent to the contact address that we were given',
    );
    expect(later).not.toContain('contact@example.com');
  });

  it('asks for the marketplace when only the region is known, and goes to that one', async () => {
    const connection = await imported(app, 360, {
      sellerId: await idOf(),
      region: 'FE',
      sellingPartnerId: 'A2SIMULATEDJP1',
    });
    const page = await pageOf(connection);
    expect([...page.matchAll(/<option[^>]*>([^<]*)</g)].map(([, name]) => name)).toEqual([
      'Australia',
      'Japan',
      'Singapore',
    ]);
    const path = `/connections/${connection.id}`;
    const left = await seller.submit(path, 'Renew', { marketplaceId: 'A1VC38T7YXB528' });
    expect(left.status).toBe(303);
    const back = await seller.get(await simulator.consent(left.location, connection.sellingPartnerId));
    expect(back.location).toBe(new URL(path, app.url).href);
    expect(await pageOf(connection)).toContain('Japan');
    expect((await seller.submit(path, 'Renew', { marketplaceId: GERMANY })).status).toBe(303);
  });

  // The last one: from here on an import has to name its application.
  it('of a private application leads to Seller Central in words: Amazon has no consent page for it', async () => {
    const { id: applicationId } = await addApplication(app, simulator, { name: 'In-house', type: 'private' });
    const sellerId = await idOf();
    const connection = await imported(app, 360, { sellerId, applicationId, marketplaceId: GERMANY });
    const page = await pageOf(connection);
    expect(page).toContain('This application is private');
    expect(page).not.toContain('Press Renew');
    expect(page).not.toContain('<button>Renew</button>');
    const [, _csrf = ''] = /name="_csrf" value="([^"]*)"/.exec(page) ?? [];
    const answer = await seller.post(`/connections/${connection.id}/renew`, { _csrf });
    expect([answer.status, answer.location]).toEqual([409, '']);
    expect(answer.body).toContain('This application is private');
  });
});

describe('An address without a page', () => {
  it('still shows who is signed in, with a way to sign out that works', async () => {
    const somebody = await signUp(app.url);
    const page = await somebody.get('/no/such/page');
    expect(page.status).toBe(404);
    expect(page.body).toContain(somebody.email);
    expect((await somebody.submitForm(page, '/no/such/page', 'Sign out')).status).toBe(303);
    expect((await somebody.get('/no/such/page')).body).not.toContain(somebody.email);
  });

  it('greets nobody in a browser that we do not know', async () => {
    const { status, body } = await new BrowserClient(app.url).get('/no/such/page');
    expect(status).toBe(404);
    expect(body).not.toContain('Sign out');
  });
});
