import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AddressObject, type ParsedMail } from 'mailparser';
import { startTestApp, type TestApp } from './support/app.js';
import { BrowserClient } from './support/browser-client.js';
import { deliveries, drain } from './support/deliveries.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { api, PASSWORD, randomPartner, signUp } from './support/people.js';
import { DAY_SECONDS, imported, run } from './support/renewals.js';
import { Simulator } from './support/simulator.js';

const OPERATOR = 'operator@example.com';

let simulator: Simulator;
let mailServer: MailServer;
let app: TestApp;

beforeAll(async () => {
  simulator = await Simulator.start();
  mailServer = await startMailServer();
  app = await startTestApp({
    ...simulator.settings,
    SMTP_URL: mailServer.url,
    OPERATOR_EMAIL: OPERATOR,
  });
});
afterAll(async () => {
  await app.stop();
  await mailServer.stop();
  await simulator.stop();
});

beforeEach(async () => {
  await drain(app);
  await app.database.query('TRUNCATE authorizations, deliveries, renewal_runs, events CASCADE');
  mailServer.mails.length = 0;
});
afterEach(() => {
  mailServer.mode = 'normal';
});

const recipient = ({ to }: ParsedMail): string | undefined => (to as AddressObject).value[0]?.address;

/** What arrived by now: recipient and subject. */
async function arrived(): Promise<string[]> {
  await drain(app);
  return mailServer.mails.map((mail) => `${recipient(mail)}: ${mail.subject}`).sort();
}

describe('A seller', () => {
  it('is told once of a new connection, of another consent, and of the end', async () => {
    const seller = await signUp(app.url);
    await arrived();
    mailServer.mails.length = 0;
    const partner = randomPartner();
    const { location } = await simulator.connect(seller, partner);
    expect(await arrived()).toEqual([`${seller.email}: Your Amazon account ${partner} is connected`]);
    expect(mailServer.mails[0]?.text).toContain(`\n${app.url}${new URL(location, app.url).pathname}\n`);
    expect(mailServer.mails[0]?.text).toContain(`Selling partner ID: ${partner}\n`);

    mailServer.mails.length = 0;
    await simulator.connect(seller, partner);
    expect(await arrived()).toEqual([`${seller.email}: Your Amazon account ${partner} is renewed`]);

    mailServer.mails.length = 0;
    await seller.submit(`${new URL(location, app.url).pathname}/disconnect`, 'Disconnect');
    expect(await arrived()).toEqual([`${seller.email}: The Amazon account ${partner} is disconnected`]);
  });

  it('is asked to reconnect when Amazon refuses the token, and not any more once that is done', async () => {
    const seller = await signUp(app.url);
    const partner = randomPartner();
    const { location } = await simulator.connect(seller, partner);
    await arrived();
    mailServer.mails.length = 0;
    await simulator.partner(partner, { scenario: 'revoked' });
    const path = `/api/v1/authorizations/${location.split('/').pop()}/access-token`;
    const vend = () => api(app.url, 'POST', path, { body: { forceRefresh: true } });
    expect((await vend()).status).toBe(409);
    expect((await vend()).status).toBe(409);
    expect(await arrived()).toEqual([
      `${seller.email}: Action needed: reconnect the Amazon account ${partner}`,
    ]);

    // A second time while mails cannot go out: the consent comes first, and the mail is not needed any more.
    await simulator.partner(partner, { scenario: 'normal' });
    await simulator.connect(seller, partner);
    await drain(app);
    mailServer.mode = 'refuse';
    await simulator.partner(partner, { scenario: 'revoked' });
    expect((await vend()).status).toBe(409);
    await drain(app);
    await simulator.partner(partner, { scenario: 'normal' });
    await simulator.connect(seller, partner);
    mailServer.mode = 'normal';
    app.clock.advance(3600);
    mailServer.mails.length = 0;
    expect(await arrived()).toEqual([`${seller.email}: Your Amazon account ${partner} is renewed`]);
  });

  it('gets a link that works its full time when the mail had to wait for days', async () => {
    mailServer.mode = 'refuse';
    const seller = await signUp(app.url);
    await drain(app);
    app.clock.advance(2 * DAY_SECONDS);
    mailServer.mode = 'normal';
    await drain(app);
    const mail = await mailServer.next(seller.email);
    const link = /https?:\/\/\S+/.exec(mail.text ?? '')?.[0] ?? '';
    app.clock.advance(47 * 3600);
    const page = await new BrowserClient(app.url).get(link.replace(app.url, ''));
    expect(page.body).toContain('<h1>Verify your email address</h1>');
    const stored = await app.database.query<{ row: string }>('SELECT d::text AS row FROM deliveries d');
    const token = new URL(link).searchParams.get('token') ?? 'none';
    expect(stored.map(({ row }) => row).join()).not.toContain(token);
  });

  it('gets no reset link any more when the password was changed before the mail could go out', async () => {
    const seller = await signUp(app.url);
    await drain(app);
    mailServer.mode = 'refuse';
    await seller.submit('/forgot-password', 'Send the link', { email: seller.email });
    await drain(app);
    await seller.submit('/account', 'Change password', {
      currentPassword: PASSWORD,
      newPassword: 'another long lantern below',
    });
    mailServer.mode = 'normal';
    app.clock.advance(60);
    await drain(app);
    expect(await deliveries(app, `template = 'reset-password'`)).toMatchObject([{ status: 'dropped' }]);
  });

  it('hears nothing of a lock that the right password has just opened', async () => {
    const { email } = await signUp(app.url);
    const guesser = new BrowserClient(app.url);
    for (let count = 1; count <= 9; count += 1)
      await guesser.submit('/login', 'Sign in', { email, password: 'not the right one' });
    expect((await guesser.submit('/login', 'Sign in', { email, password: PASSWORD })).status).toBe(303);
    app.clock.advance(60);
    expect(await deliveries(app, `template = 'account-locked'`)).toMatchObject([{ status: 'dropped' }]);
    expect((await arrived()).filter((line) => line.includes('locked'))).toEqual([]);
  });
});

describe('A reminder', () => {
  const reminders = async () => (await arrived()).filter((line) => /left to renew|Overdue/.test(line));

  it('goes to the contact address where there is no account, else to the operator', async () => {
    const known = await imported(app, 340, { contactEmail: 'contact@example.com' });
    const unknown = await imported(app, 340);
    await run(app);
    expect(await reminders()).toEqual([
      `contact@example.com: 25 days left to renew the Amazon account ${known.sellingPartnerId}`,
      `${OPERATOR}: 25 days left to renew the Amazon account ${unknown.sellingPartnerId}`,
    ]);
    const sent = await deliveries(app, `template = 'renewal-reminder'`);
    expect(sent.map(({ sent_to }) => sent_to).sort()).toEqual(['contact', 'operator']);
    const digest = mailServer.mails.find(({ subject }) => subject?.startsWith('Renewals:'));
    expect(digest?.subject).toBe('Renewals: 2 due, 0 overdue');
    expect(digest?.text).toContain(known.id);
  });

  it('tells the seller whose authorization ends when, and leads to its page', async () => {
    const seller = await signUp(app.url);
    const [row] = await app.database.query<{ id: string }>('SELECT id FROM sellers WHERE email = $1', [
      seller.email,
    ]);
    const grant = await imported(app, 351, {
      sellerId: row?.id,
      marketplaceId: 'A1PA6795UKMFR9',
      region: undefined,
    });
    await run(app);
    await drain(app);
    const mail = mailServer.mails.find(({ subject }) => subject?.includes(grant.sellingPartnerId));
    expect(mail?.subject).toBe(`14 days left to renew the Amazon account ${grant.sellingPartnerId}`);
    expect(mail?.text).toContain('Marketplace: Germany\nAccount type: Seller\nRenew by: ');
    const links = mail?.text?.match(/https?:\/\/\S+/g) ?? [];
    expect(links).toEqual([`${app.url}/connections/${grant.id}`, app.url]);
    expect((await seller.get(`/connections/${grant.id}`)).body).toContain('<button>Renew</button>');
  });

  it('does not say that an authorization still works which Amazon refuses already', async () => {
    const grant = await imported(app, 370, { contactEmail: 'refused@example.com' });
    await app.database.query(`UPDATE authorizations SET status = 'reauthorization_required'`);
    await run(app);
    expect((await arrived()).filter((line) => line.startsWith('refused@'))).toEqual([
      `refused@example.com: Action needed: reconnect the Amazon account ${grant.sellingPartnerId}`,
    ]);
  });

  it('that could not go out in time counts the days anew, and says so when they are over', async () => {
    const grant = await imported(app, 363, { contactEmail: 'late@example.com' });
    mailServer.mode = 'refuse';
    await run(app);
    await drain(app);
    mailServer.mode = 'normal';
    app.clock.advance(2.5 * DAY_SECONDS);
    expect(await reminders()).toEqual([
      `late@example.com: Overdue: renew the Amazon account ${grant.sellingPartnerId}`,
    ]);
  });
});

describe('The operator', () => {
  it('is told once when Amazon rejects the credentials of an application', async () => {
    const seller = await signUp(app.url);
    const { location } = await simulator.connect(seller, randomPartner());
    await arrived();
    mailServer.mails.length = 0;
    const path = `/api/v1/authorizations/${location.split('/').pop()}/access-token`;
    await simulator.application({ scenario: 'secretExpired' });
    for (let count = 0; count < 3; count += 1)
      await api(app.url, 'POST', path, { body: { forceRefresh: true } });
    expect(await arrived()).toEqual([`${OPERATOR}: Amazon rejects the credentials of Regrant`]);
  });
});
