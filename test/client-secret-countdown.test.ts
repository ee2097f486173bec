import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { type ApplicationAnswer, newApplication, randomSecret } from './support/applications.js';
import { deliveries, drain } from './support/deliveries.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { api } from './support/people.js';
import { DAY_SECONDS, run, type Run } from './support/renewals.js';

const OPERATOR = 'operator@example.com';
const LIFE_DAYS = 180;

describe('The countdown of a client secret', () => {
  let mailServer: MailServer;
  let app: TestApp;
  let application: { id: string; clientSecret: string };

  beforeAll(async () => {
    mailServer = await startMailServer();
    app = await startTestApp({ SMTP_URL: mailServer.url, OPERATOR_EMAIL: OPERATOR });
  });
  afterAll(async () => {
    await app.stop();
    await mailServer.stop();
  });
  beforeEach(async () => {
    await app.database.query('TRUNCATE applications, renewal_runs, deliveries, events CASCADE');
    mailServer.mode = 'normal';
    mailServer.mails.length = 0;
    const fields = newApplication();
    const { body } = await api<{ id: string }>(app.url, 'POST', '/api/v1/applications', { body: fields });
    application = { ...fields, id: body.id };
  });

  /** A run so many days later. */
  const runAfter = (days: number): Promise<Run> => {
    app.clock.advance(days * DAY_SECONDS);
    return run(app);
  };
  /** Days left, as the events tell them, oldest first. */
  const told = async (): Promise<number[]> => {
    const rows = await app.database.query<{ data: { daysLeft: number } }>(
      `SELECT data FROM events WHERE type = 'application.secret_expiring' ORDER BY id`,
    );
    return rows.map(({ data }) => data.daysLeft);
  };
  const subjects = async (): Promise<(string | undefined)[]> => {
    await drain(app);
    return mailServer.mails.map(({ subject }) => subject);
  };
  const giveSecret = async (clientSecret: string, days?: number) => {
    const expiresAt = days && app.clock.inSeconds(days * DAY_SECONDS).toISOString();
    const path = `/api/v1/applications/${application.id}/client-secrets`;
    const { status } = await api(app.url, 'POST', path, { body: { clientSecret, expiresAt } });
    expect(status).toBeLessThan(300);
  };

  it('tells the operator at 90, 60, 30, 15, 7 and 1 days before the end, at each once', async () => {
    let left = LIFE_DAYS;
    for (const days of [91, 90, 89, 60, 45, 30, 29, 15, 8, 7, 6, 1, 0, -3]) {
      expect(await runAfter(left - days)).toMatchObject({ status: 'succeeded', failures: 0 });
      await run(app);
      await drain(app);
      left = days;
    }
    expect(await told()).toEqual([90, 60, 30, 15, 7, 1]);
    const expected = [90, 60, 30, 15, 7].map(
      (days) => `The client secret of Warehouse expires in ${days} days`,
    );
    expect(await subjects()).toEqual([...expected, 'The client secret of Warehouse expires in 1 day']);
    expect(mailServer.mails.map(({ to }) => to)).toEqual(
      Array(6).fill(expect.objectContaining({ text: OPERATOR })),
    );
  });

  it('tells of several that were missed only the tightest, and of one that has expired that it has', async () => {
    await runAfter(LIFE_DAYS - 10);
    expect(await told()).toEqual([10]);
    expect(await deliveries(app, `template = 'secret-expiring'`)).toHaveLength(1);
    await runAfter(12);
    expect(await told()).toEqual([10, -2]);
    expect((await subjects()).at(-1)).toBe('The client secret of Warehouse has expired');
  });

  it('takes back what was pending when another secret comes, and starts anew with that one', async () => {
    mailServer.mode = 'refuse';
    await runAfter(LIFE_DAYS - 30);
    await drain(app);
    await giveSecret(randomSecret());
    mailServer.mode = 'normal';
    await runAfter(1);
    expect(await subjects()).toEqual([]);
    expect(await deliveries(app)).toMatchObject([{ status: 'dropped' }]);
    await runAfter(LIFE_DAYS - 91);
    expect(await told()).toEqual([30, 90]);
    expect(await subjects()).toEqual(['The client secret of Warehouse expires in 90 days']);
  });

  it('keeps what is pending when the same secret comes again with the date that it has', async () => {
    mailServer.mode = 'refuse';
    await runAfter(LIFE_DAYS - 30);
    await drain(app);
    const path = `/api/v1/applications/${application.id}`;
    const { clientSecrets } = (await api<ApplicationAnswer>(app.url, 'GET', path)).body;
    const body = { clientSecret: application.clientSecret, expiresAt: clientSecrets[0]?.expiresAt };
    expect((await api(app.url, 'POST', `${path}/client-secrets`, { body })).status).toBeLessThan(300);
    mailServer.mode = 'normal';
    await runAfter(1);
    expect(await subjects()).toEqual(['The client secret of Warehouse expires in 29 days']);
  });

  it('repeats nothing when the date of the same secret is corrected', async () => {
    await runAfter(LIFE_DAYS - 30);
    await runAfter(4);
    await giveSecret(application.clientSecret, 28);
    await runAfter(1);
    await giveSecret(application.clientSecret, 26);
    await runAfter(1);
    expect(await told()).toEqual([30]);
    await giveSecret(application.clientSecret, 12);
    await run(app);
    await runAfter(1);
    expect(await told()).toEqual([30, 12]);
  });

  it('counts down again when the date of the same secret is a much later one', async () => {
    for (const days of [150, 29]) await runAfter(days);
    expect(await told()).toEqual([30, 1]);
    await giveSecret(application.clientSecret, 120);
    for (const days of [0, 30, 30, 30, 15, 8, 6]) await runAfter(days);
    expect(await told()).toEqual([30, 1, 60, 30, 15, 7, 1]);
  });

  it('goes on with the next application when one cannot be dealt with, and counts that as a failure', async () => {
    await api(app.url, 'POST', '/api/v1/applications', { body: newApplication() });
    await app.database.query(
      `ALTER TABLE client_secret_reminders ADD CONSTRAINT bad CHECK (client_secret_id NOT IN
         ('${(await app.database.query<{ id: string }>('SELECT id FROM application_client_secrets ORDER BY created_at'))[0]?.id}'))`,
    );
    expect(await runAfter(LIFE_DAYS - 60)).toMatchObject({ status: 'succeeded', failures: 1 });
    expect(await told()).toEqual([60]);
    await app.database.query('ALTER TABLE client_secret_reminders DROP CONSTRAINT bad');
    expect(await run(app)).toMatchObject({ failures: 0 });
    expect(await told()).toEqual([60, 60]);
  });
});

describe('Without OPERATOR_EMAIL', () => {
  it('the countdown is an event, and its mail goes to nobody', async () => {
    const mailServer = await startMailServer();
    const app = await startTestApp({ SMTP_URL: mailServer.url });
    await api(app.url, 'POST', '/api/v1/applications', { body: newApplication() });
    app.clock.advance((LIFE_DAYS - 7) * DAY_SECONDS);
    expect(await run(app)).toMatchObject({ status: 'succeeded', failures: 0 });
    await drain(app);
    expect(await deliveries(app)).toMatchObject([{ template: 'secret-expiring', status: 'dropped' }]);
    const events = await app.database.query(
      `SELECT 1 FROM events WHERE type = 'application.secret_expiring'`,
    );
    expect(events).toHaveLength(1);
    expect(mailServer.mails).toEqual([]);
    await app.stop();
    await mailServer.stop();
  });
});
