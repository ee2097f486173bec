import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { RenewalSchedule } from '../src/renewal/renewal-schedule.js';
import { RenewalWork } from '../src/renewal/renewal-work.service.js';
import { startTestApp, type TestApp } from './support/app.js';
import { api } from './support/people.js';
import { DAY_SECONDS, imported, queuedReminders, run, type Run } from './support/renewals.js';
import { APPLICATION } from './support/simulator.js';

// In the middle of the night of every first of January: the real clock starts none of these runs.
const SETTINGS = {
  ...APPLICATION,
  RENEWAL_CRON: '17 3 1 1 *',
  ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 5).toString('base64')}`,
};
const YEAR_SECONDS = 366 * DAY_SECONDS;

let app: TestApp;
/** Another replica on the same database. */
let other: TestApp;

const replica = (): Promise<TestApp> => startTestApp(SETTINGS, { database: app.database, clock: app.clock });

beforeAll(async () => {
  app = await startTestApp(SETTINGS);
  other = await replica();
});
afterAll(async () => {
  await other.stop();
  await app.stop();
});
beforeEach(async () => {
  await app.database.query('TRUNCATE authorizations, renewal_runs, deliveries, events CASCADE');
});

const bySchedule = (those: readonly TestApp[]): Promise<unknown> =>
  Promise.all(those.map(({ nest }) => nest.get(RenewalSchedule).startIfMissed('schedule')));
const idle = (those: readonly TestApp[]): Promise<unknown> =>
  Promise.all(those.map(({ nest }) => nest.get(RenewalWork).idle()));
const runs = () =>
  app.database.query<{ trigger: string; status: string; examined: number }>(
    'SELECT trigger, status, examined FROM renewal_runs ORDER BY started_at',
  );
const startRun = ({ url }: TestApp) => api<Run>(url, 'POST', '/api/v1/renewals/runs');

describe('By the schedule', () => {
  it('one run comes of each moment, whichever replicas come to start it, and however late', async () => {
    await imported(app, 335);
    await bySchedule([app, other, app]);
    expect(await runs()).toEqual([]);
    app.clock.advance(YEAR_SECONDS);
    await bySchedule([app, other, app]);
    await idle([app, other]);
    await bySchedule([other, app]);
    await idle([app, other]);
    expect(await runs()).toEqual([{ trigger: 'schedule', status: 'succeeded', examined: 1 }]);
    app.clock.advance(YEAR_SECONDS);
    await bySchedule([app, other]);
    await idle([app, other]);
    expect(await runs()).toHaveLength(2);
  });
});

describe('At the start of a replica', () => {
  it('a run is made up for that was missed, and none otherwise', async () => {
    const third = await replica();
    const look = (): Promise<void> => third.nest.get(RenewalSchedule).startIfMissed('startup');
    await look();
    expect(await runs()).toEqual([]);
    await imported(app, 335);
    await look();
    expect(await runs()).toEqual([]);
    app.clock.advance(YEAR_SECONDS);
    // By itself, at its start.
    const fourth = await replica();
    while (!(await runs()).some(({ status }) => status === 'succeeded')) await pause(50);
    expect(await runs()).toEqual([{ trigger: 'startup', status: 'succeeded', examined: 1 }]);
    await look();
    expect(await runs()).toHaveLength(1);
    await Promise.all([third.stop(), fourth.stop()]);
  }, 60_000);
});

describe('By the API', () => {
  it('one run comes of starts at the same moment on all replicas, and all are answered with it', async () => {
    await addDue(30);
    const answers = await Promise.all([app, other, app, other].map(startRun));
    await idle([app, other]);
    const ids = new Set(
      (await app.database.query('SELECT id FROM renewal_runs')).map(({ id }) => id as string),
    );
    for (const { status, body } of answers) {
      expect(ids).toContain(body.id);
      expect(status).toBe(body.status === 'running' && status === 202 ? 202 : 200);
    }
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(ids.size);
    expect(await queuedReminders(app)).toHaveLength(30);
  });

  it('a run goes through any number of pages, and deals with each authorization once', async () => {
    await addDue(520);
    expect(await run(app)).toMatchObject({
      ...{ status: 'succeeded', examined: 520, flaggedDue: 520, remindersQueued: 520, failures: 0 },
    });
    expect(new Set(await queuedReminders(app)).size).toBe(520);
    expect(await run(other)).toMatchObject({ examined: 0, remindersQueued: 0 });
  }, 120_000);

  it('a run is taken over from a process that is gone, and its numbers hold what that one did', async () => {
    await addDue(20);
    const { id } = await run(app);
    // As it was when the process died: seven were dealt with, and it had written no progress.
    await app.database.query(
      `WITH undone AS (
         UPDATE authorizations SET renewal_next_at = NULL
         WHERE id IN (SELECT id FROM authorizations ORDER BY id LIMIT 13) RETURNING id
       ), flags AS (DELETE FROM renewal_flags f USING undone WHERE f.authorization_id = undone.id
       ), reminders AS (DELETE FROM renewal_reminders r USING undone WHERE r.authorization_id = undone.id
       ), mails AS (DELETE FROM deliveries d USING undone WHERE d.authorization_id = undone.id)
       UPDATE renewal_runs SET status = 'running', finished_at = NULL, examined = 0, flagged_due = 0,
         reminders_queued = 0, owner = gen_random_uuid(), lease_expires_at = $1`,
      [app.clock.inSeconds(-1)],
    );
    other.nest.get(RenewalWork).nudge();
    await idle([other]);
    const { body } = await api<Run>(app.url, 'GET', `/api/v1/renewals/runs/${id}`);
    expect(body).toMatchObject({
      ...{ status: 'succeeded', examined: 20, flaggedDue: 20, remindersQueued: 20, failures: 0 },
    });
    expect(await queuedReminders(app)).toHaveLength(20);
  });
});

/** Due in ten days, made without the API. */
async function addDue(count: number): Promise<void> {
  await app.database.query(
    `INSERT INTO authorizations (id, application_id, selling_partner_id, region, partner_type, marketplace_ids,
       workflow, sealed_refresh_token, authorized_at, renewal_due_at, last_checked_at, created_at, updated_at)
     SELECT gen_random_uuid(), a.id, 'A' || n, 'EU', 'vendor', '{}', 'website', 'sealed', $2, $3, $2, $2, $2
     FROM applications a, generate_series(1, $1::int) n`,
    [count, app.clock.now(), app.clock.inSeconds(10 * DAY_SECONDS)],
  );
}
