import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { addKey, newApplication } from './support/applications.js';
import { drain } from './support/deliveries.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { api } from './support/people.js';
import { DAY_SECONDS, grant, type Grant, imported, run, type Run } from './support/renewals.js';
import { APPLICATION } from './support/simulator.js';

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
interface Reminder {
  id: string;
  template: string;
  dueAt: string;
  status: string;
  createdAt: string;
  sentAt: string | null;
  sentTo: string | null;
  attempts: number;
}

describe("An operator's view of renewals", () => {
  let mailServer: MailServer;
  let app: TestApp;
  /** Limited to an application that has nothing. */
  let foreignKey: string;
  let readKey: string;

  beforeAll(async () => {
    mailServer = await startMailServer();
    app = await startTestApp({
      ...APPLICATION,
      SMTP_URL: mailServer.url,
      OPERATOR_EMAIL: 'operator@example.com',
    });
    const { body } = await api<{ items: { id: string }[] }>(app.url, 'GET', '/api/v1/applications');
    const other = await api<{ id: string }>(app.url, 'POST', '/api/v1/applications', {
      body: newApplication(),
    });
    foreignKey = await addKey(app, { application_ids: [other.body.id] });
    readKey = await addKey(app, { scopes: ['admin:read'] });
    first = body.items[0]?.id ?? '';
  });
  afterAll(async () => {
    await app.stop();
    await mailServer.stop();
  });
  beforeEach(async () => {
    await drain(app);
    await app.database.query('TRUNCATE authorizations, renewal_runs, deliveries, events CASCADE');
    mailServer.answers.clear();
  });

  let first: string;
  const bring = (daysAgo: number, more: object = {}): Promise<Grant> =>
    imported(app, daysAgo, { applicationId: first, ...more });
  const get = async <T>(path: string, key?: string): Promise<T> => {
    const { status, body } = await api<T>(app.url, 'GET', `/api/v1${path}`, { ...(key && { key }) });
    expect(status).toBe(200);
    return body;
  };
  const ids = async (query = '', key?: string): Promise<string[]> =>
    (await get<Page<Grant>>(`/renewals${query}`, key)).items.map(({ id }) => id);

  describe('GET /renewals', () => {
    it('lists what is due and overdue, soonest first, or one of them, or what falls due before a date', async () => {
      const current = await bring(100);
      const due = await bring(340);
      const soon = await bring(363);
      const overdue = await bring(370);
      await bring(10, { workflow: 'self' });
      expect(await ids()).toEqual([overdue.id, soon.id, due.id]);
      expect(await ids('?status=due')).toEqual([soon.id, due.id]);
      expect(await ids('?status=overdue')).toEqual([overdue.id]);
      const before = app.clock.inSeconds(300 * DAY_SECONDS).toISOString();
      expect(await ids(`?dueBefore=${before}`)).toEqual([overdue.id, soon.id, due.id, current.id]);
      const inTenDays = app.clock.inSeconds(10 * DAY_SECONDS).toISOString();
      expect(await ids(`?status=due&dueBefore=${inTenDays}`)).toEqual([soon.id]);
    });

    it('goes on from page to page, also between equal dates', async () => {
      const authorizedAt = app.clock.inSeconds(-350 * DAY_SECONDS).toISOString();
      for (let count = 0; count < 5; count += 1) await bring(0, { authorizedAt });
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const query: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
        const page: Page<Grant> = await get<Page<Grant>>(`/renewals?limit=2${query}`);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      expect(seen).toHaveLength(5);
      expect(new Set(seen).size).toBe(5);
    });

    it('shows a limited key nothing of other applications, and refuses what it does not understand', async () => {
      await bring(340);
      expect(await ids('', foreignKey)).toEqual([]);
      for (const query of ['?status=current', '?dueBefore=soon', '?months=3'])
        expect((await api(app.url, 'GET', `/api/v1/renewals${query}`)).status).toBe(400);
    });
  });

  describe('GET /renewals/forecast', () => {
    it('counts by month from this one on, months without any included', async () => {
      await bring(364.9);
      await bring(10);
      await bring(10);
      const { items } = await get<{ items: { month: string; count: number }[] }>(
        '/renewals/forecast?months=13',
      );
      expect(items).toHaveLength(13);
      const month = (days: number) =>
        app.clock
          .inSeconds(days * DAY_SECONDS)
          .toISOString()
          .slice(0, 7);
      expect(items[0]?.month).toBe(month(0));
      const counts = Object.fromEntries(items.map(({ month: name, count }) => [name, count]));
      expect(counts[month(355)]).toBe(2);
      expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(3);
      expect((await get<{ items: object[] }>('/renewals/forecast')).items).toHaveLength(12);
      const foreign = await get<{ items: { count: number }[] }>('/renewals/forecast', foreignKey);
      expect(foreign.items.every(({ count }) => count === 0)).toBe(true);
    });
  });

  describe('GET /renewals/runs', () => {
    it('is the history, newest first, and a run is started by admin:write without a limit only', async () => {
      const older = await run(app);
      const newer = await run(app);
      const { items } = await get<Page<Run>>('/renewals/runs');
      expect(items).toEqual([newer, older]);
      const start = (key: string) => api(app.url, 'POST', '/api/v1/renewals/runs', { key });
      expect((await start(readKey)).status).toBe(403);
      expect((await start(foreignKey)).status).toBe(403);
    });
  });

  describe('POST /authorizations/:id/reminders', () => {
    const remind = (id: string, key?: string) =>
      api<Reminder>(app.url, 'POST', `/api/v1/authorizations/${id}/reminders`, { ...(key && { key }) });
    const remindersOf = async (id: string): Promise<Reminder[]> =>
      (await get<Page<Reminder>>(`/authorizations/${id}/reminders`)).items;

    it('reminds at once, whatever the schedule says, and tells what became of it', async () => {
      const { id, sellingPartnerId, renewal } = await bring(100, { contactEmail: 'contact@example.com' });
      const { status, body } = await remind(id);
      expect(status).toBe(202);
      expect(body).toEqual({
        ...{ id: expect.any(String), template: 'renewal-reminder', dueAt: renewal.dueAt },
        ...{ status: 'pending', createdAt: expect.any(String), sentAt: null, sentTo: null, attempts: 0 },
      });
      const mail = await mailServer.next('contact@example.com');
      expect(mail.subject).toBe(`265 days left to renew the Amazon account ${sellingPartnerId}`);
      await drain(app);
      expect(await remindersOf(id)).toEqual([
        { ...body, status: 'sent', sentAt: expect.any(String), sentTo: 'contact', attempts: 1 },
      ]);
      expect((await grant(app, id)).renewal.lastReminderAt).toEqual(expect.any(String));
    });

    it('lists them newest first, with the outcome of each', async () => {
      const { id } = await bring(340, { contactEmail: 'gone@example.com' });
      await run(app);
      await drain(app);
      mailServer.answers.set('gone@example.com', '550 5.1.1 Unknown');
      await remind(id);
      await drain(app);
      expect(await remindersOf(id)).toMatchObject([
        { status: 'bounced', sentAt: null, sentTo: null },
        { status: 'sent', sentTo: 'contact' },
      ]);
      expect(JSON.stringify(await remindersOf(id))).not.toContain('gone@example.com');
    });

    it('is refused where there is nothing to renew, nothing to see, or no right to write', async () => {
      const self = await bring(10, { workflow: 'self' });
      expect(await remind(self.id)).toMatchObject({ status: 409, body: { code: 'conflict' } });
      const ended = await bring(340);
      await api(app.url, 'DELETE', `/api/v1/authorizations/${ended.id}`);
      expect((await remind(ended.id)).status).toBe(409);
      const due = await bring(340);
      expect((await remind(due.id, foreignKey)).status).toBe(403);
      expect((await remind(due.id, readKey)).status).toBe(403);
      expect((await remind('6f1cbe0e-6d0e-4b5c-8f0c-000000000000')).status).toBe(404);
      const read = (key: string) =>
        api(app.url, 'GET', `/api/v1/authorizations/${due.id}/reminders`, { key });
      expect((await read(readKey)).status).toBe(200);
      expect((await read(foreignKey)).status).toBe(403);
      expect(await remindersOf(due.id)).toEqual([]);
    });
  });
});
