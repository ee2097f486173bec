import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { Deliveries } from '../src/events/deliveries.service.js';
import { startTestApp, type TestApp } from './support/app.js';
import { deliveries, drain, makeSeller, queue } from './support/deliveries.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { DAY_SECONDS } from './support/renewals.js';

const OPERATOR = 'operator@example.com';
const HOUR = 3600;

let mailServer: MailServer;
let app: TestApp;
/** Another replica on the same database. */
let other: TestApp;

beforeAll(async () => {
  mailServer = await startMailServer();
  const settings = {
    SMTP_URL: mailServer.url,
    OPERATOR_EMAIL: OPERATOR,
    ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
  };
  app = await startTestApp(settings);
  other = await startTestApp(settings, { database: app.database, clock: app.clock });
});
afterAll(async () => {
  await other.stop();
  await app.stop();
  await mailServer.stop();
});

beforeEach(async () => {
  await drain(app, other);
  await app.database.query('TRUNCATE sellers, deliveries, events CASCADE');
  mailServer.mails.length = 0;
});
afterEach(() => {
  Object.assign(mailServer, { mode: 'normal', beforeAnswer: () => undefined });
  mailServer.answers.clear();
});

const addressees = (): string[] =>
  mailServer.mails.map(({ to }) => (to && 'text' in to ? to.text : '')).sort();
const messageIds = (): (string | undefined)[] => mailServer.mails.map(({ messageId }) => messageId);

/** Until the server is tried again, whatever the pause and the back-off. */
const later = (seconds = HOUR): Promise<unknown> => {
  app.clock.advance(seconds);
  return drain(app, other);
};

async function manySellers(count: number): Promise<{ id: string; email: string }[]> {
  return Promise.all(Array.from({ length: count }, () => makeSeller(app)));
}

describe('A delivery', () => {
  it('goes out after the commit, in the locale of its seller, and is recorded', async () => {
    const { id, email } = await makeSeller(app, { locale: 'de-AT' });
    await queue(app, { sellerId: id, key: 'locked.1' });
    const mail = await mailServer.next(email);
    expect(mail.subject).toBe('Ihr Regrant-Konto ist für 15 Minuten gesperrt');
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.messageId).toMatch(/^<account-locked\.[\da-f]{32}@localhost>$/);
    expect(mail.html).toContain('<html lang="de" dir="ltr">');
    await drain(app, other);
    expect(await deliveries(app)).toMatchObject([{ status: 'sent', sent_to: 'seller', attempts: 1 }]);
    expect(JSON.stringify(await deliveries(app))).not.toContain(email);
    expect(app.log()).not.toContain(email);
  });

  it('does not exist when its transaction is rolled back', async () => {
    const { id } = await makeSeller(app);
    const queued = app.nest.get(DataSource).transaction(async (manager) => {
      const delivery = {
        channel: 'mail',
        key: 'k',
        template: 'account-locked',
        recipient: 'seller' as const,
      };
      await app.nest.get(Deliveries).queue(manager, { ...delivery, sellerId: id, data: { minutes: 15 } });
      throw new Error('rolled back');
    });
    await expect(queued).rejects.toThrow('rolled back');
    await drain(app, other);
    expect(await deliveries(app)).toEqual([]);
    expect(addressees()).toEqual([]);
  });

  it('is queued once per occasion, also by several at the same moment', async () => {
    const { id } = await makeSeller(app);
    const same = { sellerId: id, key: 'the same' };
    const queued = await Promise.all([app, other, app, other].map((replica) => queue(replica, same)));
    expect(queued.filter(Boolean)).toHaveLength(1);
    await drain(app, other);
    expect(await queue(app, same)).toBe(false);
    await drain(app, other);
    expect(mailServer.mails).toHaveLength(1);
  });

  it('takes the place of a pending one of its topic', async () => {
    const { id, email } = await makeSeller(app);
    mailServer.mode = 'refuse';
    await queue(app, { sellerId: id, topic: 't', key: 'loose', data: { minutes: 30 } });
    await queue(app, { sellerId: id, topic: 'another', key: 'another', data: { minutes: 60 } });
    await drain(app, other);
    await queue(app, { sellerId: id, topic: 't', supersedes: true, key: 'tight', data: { minutes: 15 } });
    mailServer.mode = 'normal';
    await later();
    expect(addressees()).toEqual([email, email]);
    expect(await deliveries(app, `key = 'loose'`)).toMatchObject([{ status: 'dropped' }]);
    expect(await deliveries(app, `status = 'sent'`)).toHaveLength(2);
  });

  it('goes out before all those in bulk that have been due for longer', async () => {
    const [waiting, ...others] = await manySellers(61);
    for (const { id } of others)
      await queue(app, { sellerId: id, bulk: true, notBefore: app.clock.inSeconds(HOUR) });
    await queue(app, { sellerId: waiting?.id ?? '', notBefore: app.clock.inSeconds(2 * HOUR) });
    await later(3 * HOUR);
    const inOrder = mailServer.mails.map(({ to }) => to && 'text' in to && to.text);
    expect(inOrder).toHaveLength(61);
    // Each replica prepares ten at once, and hands over first what is ready first.
    expect(inOrder.indexOf(waiting?.email ?? '')).toBeLessThan(20);
  });

  it('is not sent any more once it is too late', async () => {
    const { id } = await makeSeller(app);
    mailServer.mode = 'refuse';
    await queue(app, { sellerId: id, notAfter: app.clock.inSeconds(HOUR) });
    await drain(app, other);
    mailServer.mode = 'normal';
    await later(2 * HOUR);
    expect(addressees()).toEqual([]);
    expect(await deliveries(app)).toMatchObject([{ status: 'dropped', last_error: 'too late' }]);
  });

  it('goes with the account that it is for', async () => {
    const { id } = await makeSeller(app);
    mailServer.mode = 'refuse';
    await queue(app, { sellerId: id });
    await drain(app, other);
    await app.database.query('DELETE FROM sellers');
    mailServer.mode = 'normal';
    await later();
    expect(await deliveries(app)).toEqual([]);
    expect(addressees()).toEqual([]);
  });
});

describe('Two replicas', () => {
  it('share the work, and each mail goes out exactly once', async () => {
    const sellers = await manySellers(150);
    await Promise.all(sellers.map(({ id }) => queue(app, { sellerId: id })));
    await drain(app, other);
    await drain(app, other);
    expect(addressees()).toEqual(sellers.map(({ email }) => email).sort());
    const claims = await deliveries(app, `status = 'sent' AND attempts = 1 AND claim IS NULL`);
    expect(claims).toHaveLength(150);
  });

  it('leave one that is on its way alone, and take it over when its lease has ended', async () => {
    const { id } = await makeSeller(app);
    let answer = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      mailServer.beforeAnswer = () => {
        resolve();
        mailServer.beforeAnswer = () => undefined;
        return new Promise((open) => (answer = open));
      };
    });
    await queue(app, { sellerId: id });
    await arrived;
    await drain(other);
    expect(mailServer.mails).toHaveLength(1);
    app.clock.advance(10 * 60);
    await drain(other);
    expect(new Set(messageIds()).size).toBe(1);
    expect(mailServer.mails).toHaveLength(2);
    answer();
    await drain(app);
    expect(await deliveries(app)).toMatchObject([{ status: 'sent' }]);
  });
});

describe('A mail server that', () => {
  it('refuses for a while gets each mail exactly once afterwards, and is not stormed meanwhile', async () => {
    mailServer.mode = 'refuse';
    const before = mailServer.refusals;
    const sellers = await manySellers(60);
    await Promise.all(sellers.map(({ id }) => queue(app, { sellerId: id })));
    await later(60);
    await later(60);
    expect(mailServer.refusals - before).toBeLessThan(20);
    mailServer.mode = 'normal';
    await later();
    expect(addressees()).toEqual(sellers.map(({ email }) => email).sort());
  });

  it('hangs up after the mail gets it again with the same Message-ID', async () => {
    const { id } = await makeSeller(app);
    mailServer.mode = 'dropAfterData';
    await queue(app, { sellerId: id });
    await drain(app, other);
    mailServer.mode = 'normal';
    await later();
    expect(mailServer.mails).toHaveLength(2);
    expect(new Set(messageIds()).size).toBe(1);
    expect(await deliveries(app)).toMatchObject([{ status: 'sent', attempts: 2 }]);
  });

  it('is away for two days gets what is still wanted then, once', async () => {
    mailServer.mode = 'refuse';
    const [wanted, moot] = await manySellers(2);
    await queue(app, { sellerId: wanted?.id ?? '', key: 'wanted' });
    await queue(app, { sellerId: moot?.id ?? '', key: 'moot', topic: 'moot' });
    for (let hour = 0; hour < 48; hour += 1) await later();
    await app.nest.get(DataSource).transaction((manager) => app.nest.get(Deliveries).drop(manager, 'moot'));
    mailServer.mode = 'normal';
    for (let hour = 0; hour < 3; hour += 1) await later();
    expect(addressees()).toEqual([wanted?.email]);
    const [row] = await deliveries(app, `key = 'wanted'`);
    expect(row?.attempts).toBeGreaterThan(15);
    expect(row?.attempts).toBeLessThan(60);
  });

  it('is away for three days makes us give up, and the operator hears of it once', async () => {
    const sellers = await manySellers(2);
    mailServer.mode = 'refuse';
    for (const { id } of sellers) await queue(app, { sellerId: id });
    for (let hour = 0; hour < 80; hour += 1) await later();
    expect(await deliveries(app, `template = 'account-locked'`)).toMatchObject([
      { status: 'abandoned', last_error: '421 4.3.2 at CONN' },
      { status: 'abandoned' },
    ]);
    mailServer.mode = 'normal';
    for (let hour = 0; hour < 3; hour += 1) await later();
    // Each ends in its own hour, so there are one or two reports.
    expect(new Set(addressees())).toEqual(new Set([OPERATOR]));
    const reports = mailServer.mails
      .map(({ text }) => text ?? '')
      .join('')
      .replace(/\s+/g, ' ');
    for (const { id } of sellers)
      expect(reports.split(`for seller ${id}: abandoned, 421 4.3.2 at CONN`)).toHaveLength(2);
    const events = await app.database.query(`SELECT type, seller_id FROM events ORDER BY id`);
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({ type: 'delivery.abandoned' });
  });

  it('knows no such recipient bounces that mail alone, and the operator is told', async () => {
    const [unknown, known] = await manySellers(2);
    mailServer.answers.set(unknown?.email ?? '', '550 5.1.1 Unknown user');
    await queue(app, { sellerId: unknown?.id ?? '', key: 'unknown' });
    await queue(app, { sellerId: known?.id ?? '', key: 'known' });
    await drain(app, other);
    expect(await deliveries(app, `key = 'unknown'`)).toMatchObject([
      { status: 'bounced', attempts: 1, last_error: '550 5.1.1 at RCPT TO' },
    ]);
    expect(addressees()).toEqual([known?.email]);
    await later();
    expect(addressees()).toEqual([OPERATOR, known?.email].sort());
    const report = mailServer.mails.find(({ subject }) => subject === '1 mail could not be delivered');
    expect(report?.text?.replace(/\s+/g, ' ')).toContain(`for seller ${unknown?.id}: bounced, 550 5.1.1`);
    expect(app.log() + JSON.stringify(await deliveries(app))).not.toContain(unknown?.email);
  });

  it('refuses the report too does not set off reports without end', async () => {
    const { id, email } = await makeSeller(app);
    mailServer.answers.set(email, '550 5.1.1 Unknown').set(OPERATOR, '550 5.1.1 Unknown');
    await queue(app, { sellerId: id });
    for (let hour = 0; hour < 3; hour += 1) await later();
    const reports = await deliveries(app, `template = 'delivery-failed'`);
    expect(reports).toMatchObject([{ status: 'bounced' }]);
  });

  it('asks to come back later for one recipient is asked again for that one', async () => {
    const { id, email } = await makeSeller(app);
    mailServer.answers.set(email, '451 4.7.1 Greylisted');
    await queue(app, { sellerId: id });
    await drain(app, other);
    expect(await deliveries(app)).toMatchObject([{ status: 'pending', last_error: '451 4.7.1 at RCPT TO' }]);
    mailServer.answers.clear();
    await later(DAY_SECONDS);
    expect(addressees()).toEqual([email]);
  });
});
