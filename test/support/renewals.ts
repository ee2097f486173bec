import { RenewalWork } from '../../src/renewal/renewal-work.service.js';
import { type TestApp } from './app.js';
import { api, randomPartner } from './people.js';

export const DAY_SECONDS = 86_400;

export interface Run {
  id: string;
  trigger: string;
  status: string;
  startedAt: string;
  finishedAt: string | null;
  examined: number;
  flaggedDue: number;
  flaggedOverdue: number;
  remindersQueued: number;
  failures: number;
}

export interface Grant {
  id: string;
  sellingPartnerId: string;
  status: string;
  renewal: { status: string; dueAt: string | null; lastReminderAt: string | null };
}

/** An authorization that an operator brings, given so many days ago; Amazon is not asked. */
export async function imported(app: TestApp, daysAgo: number, more: object = {}): Promise<Grant> {
  const authorizedAt = app.clock.inSeconds(-daysAgo * DAY_SECONDS).toISOString();
  const { status, body } = await api<Grant>(app.url, 'POST', '/api/v1/authorizations', {
    body: {
      sellingPartnerId: randomPartner(),
      region: 'EU',
      refreshToken: `Atzr|${randomPartner()}${randomPartner()}`,
      ...{ workflow: 'website', authorizedAt, verify: false, ...more },
    },
  });
  if (status > 201) throw new Error(`The import answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** A whole run, started over the API. */
export async function run(app: TestApp): Promise<Run> {
  const { body } = await api<Run>(app.url, 'POST', '/api/v1/renewals/runs');
  await app.nest.get(RenewalWork).idle();
  return (await api<Run>(app.url, 'GET', `/api/v1/renewals/runs/${body.id}`)).body;
}

export const grant = async (app: TestApp, id: string): Promise<Grant> =>
  (await api<Grant>(app.url, 'GET', `/api/v1/authorizations/${id}`)).body;

/** Reminders by their keys, oldest first. */
export async function queuedReminders(app: TestApp): Promise<string[]> {
  const rows = await app.database.query<{ key: string }>(
    `SELECT key FROM deliveries WHERE template LIKE 'renewal-%' AND recipient = 'owner' ORDER BY created_at, key`,
  );
  return rows.map(({ key }) => key);
}
