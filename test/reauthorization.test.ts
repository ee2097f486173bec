import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AddressObject } from 'mailparser';
import { startTestApp, type TestApp } from './support/app.js';
import { BrowserClient } from './support/browser-client.js';
import { deliveries, drain } from './support/deliveries.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { api, PASSWORD, randomPartner, signUp } from './support/people.js';
import { DAY_SECONDS, grant, type Grant, run } from './support/renewals.js';
import { Simulator } from './support/simulator.js';

type Seller = Awaited<ReturnType<typeof signUp>>;

let simulator: Simulator;
let mailServer: MailServer;
let app: TestApp;
let seller: Seller;
let partner: string;

beforeAll(async () => {
  simulator = await Simulator.start();
  mailServer = await startMailServer();
  app = await startTestApp({
    ...simulator.settings,
    SMTP_URL: mailServer.url,
    SELF_AUTHORIZATION_RENEWAL: 'true',
  });
  await simulator.application({ loginUri: `${app.url}/sp-api/login` });
});
afterAll(async () => {
  await app.stop();
  await mailServer.stop();
  await simulator.stop();
});
beforeEach(async () => {
  mailServer.mode = 'normal';
  seller = await signUp(app.url);
  partner = randomPartner();
});

/** Subjects of what that seller got by now, save the mail of the sign-up. */
async function mails({ email }: Seller): Promise<(string | undefined)[]> {
  await drain(app);
  return mailServer.mails
    .filter(({ to }) => (to as AddressObject).value[0]?.address === email)
    .map(({ subject }) => subject)
    .filter((subject) => !subject?.startsWith('Verify'));
}

const sellerId = async ({ email }: Seller) => {
  const [row] = await app.database.query<{ id: string }>('SELECT id FROM sellers WHERE email = $1', [email]);
  return row?.id;
};

const dueIn = (id: string, days: number) =>
  api(app.url, 'PATCH', `/api/v1/authorizations/${id}`, {
    body: { renewalDueAt: app.clock.inSeconds(days * DAY_SECONDS).toISOString() },
  });

const idAt = (location: string): string => new URL(location).pathname.split('/').at(-1) ?? '';

/** Loads the callback of a consent, and once more, as impatient people do. */
async function twice(callback: string): Promise<string> {
  const [first, again] = [await seller.get(callback), await seller.get(callback)];
  expect([first.status, again.status]).toEqual([303, 303]);
  expect(again.location).toBe(first.location);
  return idAt(first.location);
}

/** Ways to authorize the application for `partner`, the first time and again; each answers the authorization's id. */
const workflows: Record<string, { first: () => Promise<string>; again: (id: string) => Promise<string> }> = {
  website: {
    first: async () => idAt((await simulator.connect(seller, partner)).location),
    again: async (id) => {
      const left = await seller.submit(`/connections/${id}`, 'Renew');
      return twice(await simulator.consent(left.location, partner));
    },
  },
  appstore: {
    first: async () => {
      const left = await seller.submit(await simulator.appstore(partner), 'Continue to Amazon');
      return idAt((await seller.get(await simulator.confirm(left.location))).location);
    },
    again: async () => {
      const left = await seller.submit(await simulator.reauthorize(partner), 'Continue to Amazon');
      return twice(await simulator.confirm(left.location));
    },
  },
  self: {
    first: () => bring(),
    again: async () => {
      const refreshToken = await simulator.selfAuthorize(partner);
      await bring(refreshToken);
      return bring(refreshToken);
    },
  },
};

async function bring(token?: string): Promise<string> {
  const refreshToken = token ?? (await simulator.selfAuthorize(partner));
  const body = { sellingPartnerId: partner, region: 'NA', refreshToken, sellerId: await sellerId(seller) };
  return (await api<Grant>(app.url, 'POST', '/api/v1/authorizations', { body })).body.id;
}

describe.each(Object.entries(workflows))('Another authorization by the workflow %s', (workflow, way) => {
  it('clears the flags, drops the reminder that waits, and is confirmed by one mail', async () => {
    const id = await way.first();
    await mails(seller);
    const before = (await mails(seller)).length;
    mailServer.mode = 'refuse';
    await dueIn(id, 5);
    await run(app);
    await drain(app);
    expect(
      await deliveries(app, `authorization_id = '${id}' AND template = 'renewal-reminder'`),
    ).toMatchObject([{ status: 'pending' }]);
    const { renewal } = await grant(app, id);
    expect(renewal).toMatchObject({ status: 'due', lastReminderAt: expect.any(String) });
    expect((await seller.get(`/connections/${id}`)).body).toContain('<div class="notice warn with-action">');

    expect(await way.again(id)).toBe(id);
    expect(await grant(app, id)).toMatchObject({
      ...{ workflow, status: 'active' },
      renewal: { status: 'current', lastReminderAt: null },
    });
    const page = await seller.get(`/connections/${id}`);
    expect(page.body).not.toContain('with-action"><div>');
    expect(page.body).not.toContain('notice warn');

    mailServer.mode = 'normal';
    app.clock.advance(3600);
    await run(app);
    expect((await mails(seller)).slice(before)).toEqual([`Your Amazon account ${partner} is renewed`]);
    expect((await grant(app, id)).renewal).toMatchObject({ status: 'current', lastReminderAt: null });
  });
});

describe('The link of a reminder', () => {
  let link: string;
  let id: string;

  beforeEach(async () => {
    id = idAt((await simulator.connect(seller, partner)).location);
    await drain(app);
    await dueIn(id, 5);
    await run(app);
    await drain(app);
    const mail = mailServer.mails.find(
      ({ subject }) => subject === `5 days left to renew the Amazon account ${partner}`,
    );
    const links = (mail?.text?.match(/https?:\/\/\S+/g) ?? []).filter((url) => url !== app.url);
    expect(links).toHaveLength(1);
    link = links[0] ?? '';
  });

  it('leads who is signed in to the Renew button, and that to Amazon and back', async () => {
    const page = await seller.get(link);
    expect(page.status).toBe(200);
    const left = await seller.submitForm(page, link, 'Renew');
    const back = await seller.get(await simulator.consent(left.location, partner));
    expect(back.location).toBe(link);
    expect((await grant(app, id)).renewal.status).toBe('current');
  });

  it('leads who is signed out there through the sign-in page', async () => {
    const browser = new BrowserClient(app.url);
    const toSignIn = await browser.get(link);
    expect(toSignIn.status).toBe(303);
    expect(new URL(toSignIn.location).pathname).toBe('/login');
    const signedIn = await browser.submit(toSignIn.location, 'Sign in', {
      email: seller.email,
      password: PASSWORD,
    });
    expect(signedIn).toMatchObject({ status: 303, location: link });
    expect((await browser.get(link)).body).toContain('<button>Renew</button>');
  });

  it('shows nothing of the connection to somebody with another account, and says where their own are', async () => {
    const other = await signUp(app.url);
    const page = await other.get(link);
    expect(page.status).toBe(404);
    expect(page.body).toContain('There is no such connection in your account.');
    expect(page.body).toContain('href="/connections"');
    expect(page.body).not.toContain(partner);
  });
});
