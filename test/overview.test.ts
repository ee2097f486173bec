import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from './support/app.js';
import { addKey, newApplication } from './support/applications.js';
import { holding, until, waitingForRows } from './support/encryption.js';
import { api } from './support/people.js';
import { DAY_SECONDS, type Grant, imported, run, type Run } from './support/renewals.js';
import { APPLICATION } from './support/simulator.js';

interface Counts {
  status: Record<string, number>;
  renewal: Record<string, number>;
}
interface Overview {
  authorizations: Counts;
  applications: (Counts & { applicationId: string; name: string })[];
  soonestDue: Grant[];
  expiringSecrets: { applicationId: string; name: string; expiresAt: string; daysLeft: number }[];
  lastRun: Run | null;
}

describe('GET /overview', () => {
  let app: TestApp;
  /** Our ids of the application of the settings and of another one. */
  let first: string;
  let second: string;

  const overview = async (key?: string) => {
    // Counts that took long, on a busy machine, are remembered for a while.
    app.clock.advance(60);
    const { status, body } = await api<Overview>(app.url, 'GET', '/api/v1/overview', { ...(key && { key }) });
    expect(status).toBe(200);
    return body;
  };

  beforeAll(async () => {
    app = await startTestApp(APPLICATION);
    const made = await api<{ id: string }>(app.url, 'POST', '/api/v1/applications', {
      body: newApplication(),
    });
    second = made.body.id;
    const { body } = await api<{ items: { id: string }[] }>(app.url, 'GET', '/api/v1/applications');
    first = body.items.find(({ id }) => id !== second)?.id ?? '';
  });
  afterAll(() => app.stop());

  it('says of an empty service that there is nothing', async () => {
    const nothing = {
      status: { active: 0, reauthorization_required: 0, disconnected: 0 },
      renewal: { current: 0, due: 0, overdue: 0, not_applicable: 0 },
    };
    expect(await overview()).toEqual({
      authorizations: nothing,
      applications: [
        { applicationId: first, name: 'Regrant', ...nothing },
        { applicationId: second, name: 'Warehouse', ...nothing },
      ],
      soonestDue: [],
      expiringSecrets: [],
      lastRun: null,
    });
  });

  it('counts by status and by renewal, for all and for each application, as the list filters them', async () => {
    const inFirst = { applicationId: first };
    await imported(app, 10, inFirst);
    const due = await imported(app, 340, inFirst);
    const overdue = await imported(app, 370, inFirst);
    await imported(app, 10, { ...inFirst, workflow: 'self' });
    const ended = await imported(app, 370, inFirst);
    await api(app.url, 'DELETE', `/api/v1/authorizations/${ended.id}`);
    const refused = await imported(app, 20, { applicationId: second });
    await app.database.query(`UPDATE authorizations SET status = 'reauthorization_required' WHERE id = $1`, [
      refused.id,
    ]);
    const answer = await overview();
    expect(answer.applications).toMatchObject([
      {
        status: { active: 4, reauthorization_required: 0, disconnected: 1 },
        renewal: { current: 1, due: 1, overdue: 1, not_applicable: 2 },
      },
      {
        status: { active: 0, reauthorization_required: 1, disconnected: 0 },
        renewal: { current: 1, due: 0, overdue: 0, not_applicable: 0 },
      },
    ]);
    expect(answer.authorizations).toEqual({
      status: { active: 4, reauthorization_required: 1, disconnected: 1 },
      renewal: { current: 2, due: 1, overdue: 1, not_applicable: 2 },
    });
    for (const [filter, counts] of Object.entries({
      status: answer.authorizations.status,
      renewal: answer.authorizations.renewal,
    }))
      for (const [value, count] of Object.entries(counts)) {
        const path = `/api/v1/authorizations?${filter}=${value}`;
        const { body } = await api<{ items: Grant[] }>(app.url, 'GET', path);
        expect({ value, count: body.items.length }).toEqual({ value, count });
      }
    expect(answer.soonestDue.map(({ id }) => id)).toEqual([overdue.id, due.id]);
    expect(JSON.stringify(answer)).not.toMatch(/sealed|Atzr/i);
  });

  it('shows a limited key only what it may see', async () => {
    const answer = await overview(await addKey(app, { application_ids: [second] }));
    expect(answer.applications.map(({ applicationId }) => applicationId)).toEqual([second]);
    expect(answer.authorizations.status).toEqual({ active: 0, reauthorization_required: 1, disconnected: 0 });
    expect(answer.soonestDue).toEqual([]);
  });

  it('is refused to a key without admin:read', async () => {
    const key = await addKey(app, { scopes: ['tokens:vend'] });
    expect((await api(app.url, 'GET', '/api/v1/overview', { key })).status).toBe(403);
  });

  it('does not count again at once after counting took long', async () => {
    const active = ({ authorizations }: Overview) => authorizations.status['active'];
    const before = active(await overview()) ?? 0;
    const lock = await holding(app.database, 'LOCK TABLE authorizations', []);
    const slow = overview();
    await until(async () => (await waitingForRows(app.database)) > 0);
    app.clock.advance(2);
    await lock.commit();
    await slow;
    await imported(app, 10, { applicationId: first });
    const { body } = await api<Overview>(app.url, 'GET', '/api/v1/overview');
    expect(active(body)).toBe(before);
    expect(active(await overview())).toBe(before + 1);
  });

  it('shows the last run, and client secrets that expire within 90 days, soonest first', async () => {
    const { id } = await run(app);
    const expiresAt = app.clock.inSeconds(12.5 * DAY_SECONDS).toISOString();
    await app.database.query(
      `UPDATE application_client_secrets SET expires_at = $2 WHERE application_id = $1`,
      [second, expiresAt],
    );
    app.clock.advance(100 * DAY_SECONDS);
    const answer = await overview();
    expect(answer.lastRun).toMatchObject({ id, status: 'succeeded', remindersQueued: 2 });
    expect(answer.expiringSecrets).toEqual([
      { applicationId: second, name: 'Warehouse', expiresAt, daysLeft: -87 },
      { applicationId: first, name: 'Regrant', expiresAt: expect.any(String), daysLeft: 80 },
    ]);
    app.clock.advance(-100 * DAY_SECONDS);
  });
});
