import { type EntityManager } from 'typeorm';
import { dayOf } from '../tokens/renewal-status.js';

/** What is told about one due date of an authorization. */
export interface Telling {
  authorizationId: string;
  dueAt: Date;
  /** As an event. */
  flag: 'due' | 'overdue' | null;
  /** By a mail: the reminder's days before (negative: after) the due date. */
  reminder: number | null;
}

/** Thresholds of reminders that were queued for this due date. */
export async function thresholdsTold(
  manager: EntityManager,
  authorizationId: string,
  dueAt: Date,
): Promise<number[]> {
  const rows = await manager.query<{ threshold: number }[]>(
    'SELECT threshold FROM renewal_reminders WHERE authorization_id = $1 AND due_on = $2',
    [authorizationId, dayOf(dueAt)],
  );
  return rows.map(({ threshold }) => threshold);
}

/**
 * Notes what this run tells, in the transaction of `manager`.
 * @returns what of it is news: for each due date everything is told once, whichever runs overlap
 */
export async function note(
  manager: EntityManager,
  runId: string,
  { authorizationId, dueAt, flag, reminder }: Telling,
  now: Date,
): Promise<{ flag: boolean; reminder: boolean }> {
  const [news] = await manager.query<[{ flag: boolean; reminder: boolean }]>(
    `WITH flag AS (
       INSERT INTO renewal_flags (authorization_id, due_on, status, run_id, created_at)
       SELECT $1, $2, $3, $4, $5 WHERE $3::text IS NOT NULL
       ON CONFLICT DO NOTHING RETURNING 1
     ), reminder AS (
       INSERT INTO renewal_reminders (authorization_id, due_on, threshold, run_id, created_at)
       SELECT $1, $2, $6, $4, $5 WHERE $6::integer IS NOT NULL
       ON CONFLICT DO NOTHING RETURNING 1
     )
     SELECT EXISTS (SELECT FROM flag) AS flag, EXISTS (SELECT FROM reminder) AS reminder`,
    [authorizationId, dayOf(dueAt), flag, runId, now, reminder],
  );
  return news;
}
