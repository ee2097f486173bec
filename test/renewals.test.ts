import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { RenewalSteps } from '../src/renewal/renewal-steps.service.js';
import { startTestApp, type TestApp } from './support/app.js';
import { api } from './support/people.js';
import {
  DAY_SECONDS,
  grant,
  imported,
  queuedReminders,
  run,
  type Grant,
  type Run,
} from './support/renewals.js';
import { APPLICATION } from './support/simulator.js';

describe('A renewal run', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ ...APPLICATION, OPERATOR_EMAIL: 'operator@example.com' });
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    await app.database.query('TRUNCATE authorizations, renewal_runs, deliveries, events CASCADE');
  });

  const events = async (type: string) =>
    app.database.query<{ authorization_id: string; data: Record<string, unknown> }>(
      'SELECT authorization_id, data FROM events WHERE type = $1 ORDER BY id',
      [type],
    );

  it('flags what is due and overdue, queues a reminder for each, and tells the operator', async () => {
    const due = await imported(app, 335);
    const overdue = await imported(app, 366);
    const current = await imported(app, 10);
    const self = await imported(app, 400, { workflow: 'self' });

    const answer = await run(app);
    expect(answer).toEqual({
      ...{ id: expect.any(String), trigger: 'api', status: 'succeeded' },
      ...{ startedAt: expect.any(String), finishedAt: expect.any(String) },
      ...{ examined: 2, flaggedDue: 1, flaggedOverdue: 1, remindersQueued: 2, failures: 0 },
    });
    const today = app.clock.now().toISOString().slice(0, 10);
    const dueOn = (days: number) =>
      app.clock
        .inSeconds(days * DAY_SECONDS)
        .toISOString()
        .slice(0, 10);
    expect((await queuedReminders(app)).sort()).toEqual(
      [`renewal-reminder.${due.id}.${dueOn(30)}.30`, `renewal-reminder.${overdue.id}.${dueOn(-1)}.0`].sort(),
    );
    for (const { id, status } of [
      { id: due.id, status: 'due' },
      { id: overdue.id, status: 'overdue' },
    ]) {
      const { renewal } = await grant(app, id);
      expect(renewal).toMatchObject({ status, lastReminderAt: expect.stringContaining(today) });
    }
    for (const { id } of [current, self]) expect((await grant(app, id)).renewal.lastReminderAt).toBeNull();
    expect(await events('authorization.renewal_due')).toEqual([
      { authorization_id: due.id, data: { dueAt: due.renewal.dueAt } },
    ]);
    expect(await events('authorization.renewal_overdue')).toEqual([
      { authorization_id: overdue.id, data: { dueAt: overdue.renewal.dueAt } },
    ]);
    const [finished] = await events('renewal.run_finished');
    expect(finished?.data).toMatchObject({ runId: answer.id, remindersQueued: 2 });
    const digests = await app.database.query(`SELECT data FROM deliveries WHERE recipient = 'operator'`);
    expect(digests).toEqual([
      {
        data: expect.objectContaining({
          runId: answer.id,
          soonest: [
            expect.objectContaining({ authorizationId: overdue.id }),
            expect.objectContaining({ authorizationId: due.id }),
          ],
        }),
      },
    ]);
  });

  it('sends nobody the same reminder twice, and has nothing to tell the operator then', async () => {
    await imported(app, 335);
    await run(app);
    expect(await run(app)).toMatchObject({ examined: 0, flaggedDue: 0, remindersQueued: 0 });
    expect(await queuedReminders(app)).toHaveLength(1);
    const digests = await app.database.query(`SELECT 1 FROM deliveries WHERE recipient = 'operator'`);
    expect(digests).toHaveLength(1);
  });

  it('sends nothing looser than what another process told while it waited for the row', async () => {
    const { id } = await imported(app, 340);
    await app.database.query(
      `INSERT INTO renewal_runs (id, trigger, status, started_at, finished_at, reminder_days)
       VALUES (gen_random_uuid(), 'api', 'succeeded', now(), now(), '')`,
    );
    const [runRow] = await app.database.query<{ id: string }>('SELECT id FROM renewal_runs');
    const other = new pg.Client(app.database.url);
    await other.connect();
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM authorizations FOR UPDATE');
    const taking = app.nest.get(RenewalSteps).take(runRow?.id ?? '', id, app.clock.now(), false);
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while (!(await app.database.query(waiting)).length) await new Promise(setImmediate);
    await other.query(
      `INSERT INTO renewal_reminders (authorization_id, due_on, threshold, run_id, created_at)
       SELECT id, (renewal_due_at AT TIME ZONE 'UTC')::date, 14, $1, now() FROM authorizations`,
      [runRow?.id],
    );
    await other.query('COMMIT');
    await other.end();
    expect(await taking).toEqual({ flagged: 'due', reminded: false });
    expect(await queuedReminders(app)).toEqual([]);
  });

  it('goes on past a row that it cannot deal with, and tries that one again next time', async () => {
    const [bad] = [await imported(app, 340), await imported(app, 341), await imported(app, 342)];
    await app.database.query(
      `ALTER TABLE renewal_flags ADD CONSTRAINT bad CHECK (authorization_id <> '${bad.id}'::uuid)`,
    );
    expect(await run(app)).toMatchObject({
      ...{ status: 'succeeded', examined: 3, remindersQueued: 2, failures: 1 },
    });
    expect(app.log()).toMatch(new RegExp(`"message"|failure.*${bad.id}|${bad.id}.*failure`));
    await app.database.query('ALTER TABLE renewal_flags DROP CONSTRAINT bad');
    expect(await run(app)).toMatchObject({ examined: 1, remindersQueued: 1, failures: 0 });
  });

  it('forgets its plans when the operator sets another date, and starts nothing twice for the same one', async () => {
    const { id, renewal } = await imported(app, 335);
    await run(app);
    const patch = (renewalDueAt: string | null) =>
      api<Grant>(app.url, 'PATCH', `/api/v1/authorizations/${id}`, { body: { renewalDueAt } });
    const later = app.clock.inSeconds(200 * DAY_SECONDS).toISOString();

    expect((await patch(later)).body.renewal.status).toBe('current');
    const [pending] = await app.database.query(`SELECT status FROM deliveries WHERE recipient = 'owner'`);
    expect(pending).toEqual({ status: 'dropped' });
    expect(await run(app)).toMatchObject({ examined: 0, remindersQueued: 0 });

    await patch(renewal.dueAt);
    expect(await run(app)).toMatchObject({ examined: 1, flaggedDue: 0, remindersQueued: 0 });
    const nearer = app.clock.inSeconds(5 * DAY_SECONDS).toISOString();
    await patch(nearer);
    expect(await run(app)).toMatchObject({ examined: 1, flaggedDue: 1, remindersQueued: 1 });
    await patch(nearer);
    expect(await run(app)).toMatchObject({ examined: 0 });
    expect((await queuedReminders(app)).map((key) => key.split('.').at(-1))).toEqual(['30', '7']);
    await patch(null);
    expect(await run(app)).toMatchObject({ examined: 0 });
    expect((await grant(app, id)).renewal.status).toBe('not_applicable');
  });

  it('drops what is pending after another consent, clears the flags and starts a new year', async () => {
    const { id, sellingPartnerId } = await imported(app, 364);
    await run(app);
    const renewed = await imported(app, 0, { sellingPartnerId });
    expect(renewed.id).toBe(id);
    expect(renewed.renewal).toMatchObject({ status: 'current', lastReminderAt: null });
    const rows = await app.database.query(
      `SELECT status FROM deliveries WHERE template LIKE 'renewal-%' AND recipient = 'owner'`,
    );
    expect(rows).toEqual([{ status: 'dropped' }]);
    expect(await run(app)).toMatchObject({ examined: 0 });
  });

  it('starts nothing twice when a seller account becomes a vendor account with the same consent', async () => {
    const given = { refreshToken: 'Atzr|the-same', authorizedAt: app.clock.inSeconds(-335 * DAY_SECONDS) };
    const { id, sellingPartnerId } = await imported(app, 335, given);
    await run(app);
    const changed = await imported(app, 335, { ...given, sellingPartnerId, partnerType: 'vendor' });
    expect(changed).toMatchObject({ id, partnerType: 'vendor', renewal: { status: 'due' } });
    expect(await run(app)).toMatchObject({ flaggedDue: 0, remindersQueued: 0 });
    expect(await queuedReminders(app)).toHaveLength(1);
    const [pending] = await app.database.query(`SELECT status FROM deliveries WHERE recipient = 'owner'`);
    expect(pending).toEqual({ status: 'pending' });
  });

  it('leaves a disconnected authorization alone', async () => {
    const { id } = await imported(app, 364);
    await run(app);
    await api(app.url, 'DELETE', `/api/v1/authorizations/${id}`);
    app.clock.advance(2 * DAY_SECONDS);
    expect(await run(app)).toMatchObject({ examined: 1, flaggedOverdue: 0, remindersQueued: 0 });
    app.clock.advance(DAY_SECONDS);
    expect(await run(app)).toMatchObject({ examined: 0 });
    app.clock.advance(-3 * DAY_SECONDS);
  });

  it('answers with the one that is going when it is started again', async () => {
    await app.database.query(
      `INSERT INTO renewal_runs (id, trigger, started_at, reminder_days, owner, lease_expires_at)
       VALUES (gen_random_uuid(), 'api', now(), '', gen_random_uuid(), now() + interval '1 hour')`,
    );
    const { status, body } = await api<Run>(app.url, 'POST', '/api/v1/renewals/runs');
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'running', finishedAt: null });
  });
});
