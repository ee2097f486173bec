import { type EntityManager } from 'typeorm';
import { type RenewableRow } from '../tokens/authorization-renewals.service.js';
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

/**
 * The row, locked until the end of the transaction, with the thresholds of reminders that were queued for its due date;
 * null when it is gone. One statement, as the way to the database is most of what a step costs: what others told while
 * it waited for the lock is not among them, and stops `note`.
 */
export async function lockWithTold(
  manager: EntityManager,
  authorizationId: string,
): Promise<(RenewableRow & { told: number[] }) | null> {
  const [row] = await manager.query<(RenewableRow & { told: number[] })[]>(
    `SELECT id, application_id AS "applicationId", seller_id AS "sellerId", status, renewal_due_at AS "renewalDueAt",
       ARRAY(SELECT threshold FROM renewal_reminders r
         WHERE r.authorization_id = a.id AND r.due_on = (a.renewal_due_at AT TIME ZONE 'UTC')::date) AS told
     FROM authorizations a WHERE id = $1 FOR UPDATE`,
    [authorizationId],
  );
  return row ?? null;
}

/**
 * Notes what this run tells, in the transaction of `manager`.
 * @returns what of it is news: for each due date everything is told once, and nothing looser after something tighter,
 * whichever runs overlap
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
       SELECT $1, $2, $6, $4, $5 WHERE $6::integer IS NOT NULL AND NOT EXISTS (
         SELECT FROM renewal_reminders WHERE authorization_id = $1 AND due_on = $2 AND threshold < $6)
       ON CONFLICT DO NOTHING RETURNING 1
     )
     SELECT EXISTS (SELECT FROM flag) AS flag, EXISTS (SELECT FROM reminder) AS reminder`,
    [authorizationId, dayOf(dueAt), flag, runId, now, reminder],
  );
  return news;
}
