import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { deliveries, drain } from './support/deliveries.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { api } from './support/people.js';
import { imported, run, type Run } from './support/renewals.js';
import { APPLICATION } from './support/simulator.js';

const OPERATOR = 'operator@example.com';
const HOUR = 3600;

let mailServer: MailServer;
let app: TestApp;

beforeAll(async () => {
  mailServer = await startMailServer();
  app = await startTestApp({ ...APPLICATION, SMTP_URL: mailServer.url, OPERATOR_EMAIL: OPERATOR });
});
afterAll(async () => {
  await app.stop();
  await mailServer.stop();
});

/** Lets hours go by, in each of which the dispatcher tries. */
async function hours(count: number): Promise<void> {
  for (let hour = 0; hour < count; hour += 1) {
    app.clock.advance(HOUR);
    await drain(app);
  }
}

/** Renewal mails by recipient, and what they were about. */
const told = (): string[] =>
  mailServer.mails
    .filter(({ messageId = '' }) => /^<renewal-(reminder|overdue)\./.test(messageId))
    .map(
      ({ to, messageId = '' }) => `${to && 'text' in to ? to.text : ''} ${messageId.slice(1).split('.')[0]}`,
    )
    .sort();

const dueIn = (days: number, contactEmail: string, more: object = {}) =>
  imported(app, 365 - days, { contactEmail, ...more });

describe('A mail server that is down for two days', () => {
  it('stops no run; afterwards each seller gets the one reminder that still holds', async () => {
    mailServer.mode = 'refuse';
    await dueIn(11.5, 'waits@example.com');
    await dueIn(8.5, 'nearer@example.com');
    await dueIn(1.5, 'passes@example.com');
    const renews = await dueIn(5.5, 'renews@example.com');
    const leaves = await dueIn(6.5, 'leaves@example.com');

    const runs: Run[] = [];
    for (let day = 0; day < 2; day += 1) {
      runs.push(await run(app));
      await hours(24);
    }
    runs.push(await run(app));
    expect(runs.map(({ status, failures, remindersQueued }) => [status, failures, remindersQueued])).toEqual([
      ['succeeded', 0, 5],
      // One day left, on the way to the seventh day, and none for the others.
      ['succeeded', 0, 1],
      // The date has passed for one, and seven days are left for the other.
      ['succeeded', 0, 2],
    ]);
    expect(mailServer.mails).toEqual([]);
    await imported(app, 0, { sellingPartnerId: renews.sellingPartnerId });
    await api(app.url, 'DELETE', `/api/v1/authorizations/${leaves.id}`);

    mailServer.mode = 'normal';
    await hours(4);
    expect(told()).toEqual([
      'nearer@example.com renewal-reminder',
      'passes@example.com renewal-overdue',
      'waits@example.com renewal-reminder',
    ]);
    const waited = mailServer.mails.find(({ to }) => to && 'text' in to && to.text === 'waits@example.com');
    // As it is when the mail goes out, not as it was when it was queued.
    expect(waited?.text).toMatch(/10 days/);
    expect(await deliveries(app, `status = 'pending'`)).toEqual([]);
    expect(
      (await deliveries(app, `template LIKE 'renewal-%' AND status = 'dropped'`)).map(({ key }) =>
        key.split('.').at(-1),
      ),
    ).toHaveLength(5);
  }, 90_000);
});

describe('A mail server that is down for more than three days', () => {
  it('makes us give up; the reminder says so, an event too, and the operator is told', async () => {
    mailServer.mode = 'refuse';
    mailServer.mails.length = 0;
    const { id } = await dueIn(20.5, 'lost@example.com');
    await run(app);
    await hours(80);
    const reminders = await api<{ items: object[] }>(
      app.url,
      'GET',
      `/api/v1/authorizations/${id}/reminders`,
    );
    expect(JSON.stringify(reminders.body.items)).toContain('abandoned');
    const events = await app.database.query(
      `SELECT data FROM events WHERE type = 'delivery.abandoned' AND authorization_id = $1`,
      [id],
    );
    expect(events).toMatchObject([{ data: { template: 'renewal-reminder' } }]);

    mailServer.mode = 'normal';
    await hours(3);
    expect(told()).toEqual([]);
    const report = mailServer.mails.map(({ text }) => text?.replace(/\s+/g, ' ')).join(' ');
    expect(report).toContain(`for authorization ${id}: abandoned`);
    // The next threshold is told as if nothing had been.
    app.clock.advance(4 * 24 * HOUR);
    expect(await run(app)).toMatchObject({ remindersQueued: expect.any(Number) });
    await hours(1);
    expect(told()).toContain('lost@example.com renewal-reminder');
  }, 90_000);
});

describe('A run with many reminders', () => {
  it('mails a hundred at once and the others after a minute, each exactly once', async () => {
    mailServer.mails.length = 0;
    await app.database.query(
      `INSERT INTO authorizations (id, application_id, contact_email, selling_partner_id, region, partner_type,
         marketplace_ids, workflow, sealed_refresh_token, authorized_at, renewal_due_at, last_checked_at, created_at,
         updated_at)
       SELECT gen_random_uuid(), a.id, 'many-' || n || '@example.com', 'AMANY' || n, 'EU', 'seller', '{}', 'website',
         'sealed', $1, $2, $1, $1, $1
       FROM applications a, generate_series(1, 150) n`,
      [app.clock.now(), app.clock.inSeconds(10 * 24 * HOUR)],
    );
    expect(await run(app)).toMatchObject({ remindersQueued: 150, failures: 0 });
    await drain(app);
    // Some are dealt with at the same time, so a few more than a hundred may be counted as the first ones.
    expect(told().length).toBeGreaterThanOrEqual(100);
    expect(told().length).toBeLessThan(110);
    app.clock.advance(60);
    await drain(app);
    const everyone = Array.from({ length: 150 }, (_, n) => `many-${n + 1}@example.com renewal-reminder`);
    expect(told()).toEqual(everyone.sort());
  });
});
