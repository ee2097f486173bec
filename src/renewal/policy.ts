import { addDays, renewalStatus, type RenewalStatus } from '../tokens/renewal-status.js';

/** What is to be done about a date at this moment. */
export interface Step {
  /** The reminder to send now, by its days before (negative: after) the date; null: none. */
  reminder: number | null;
  /** When to look again; null: never, as long as the date stays. */
  nextAt: Date | null;
}

/** A reminder is due from this moment on. */
const moment = (date: Date, days: number): Date => addDays(date, -days);

/**
 * Which reminder of a date is to be sent now. Of several that were missed only the tightest, and none that is looser
 * than one that has been sent: a late run delays and never skips, and nobody is told twice.
 * @param thresholds days before (negative: after) the date
 * @param reminded thresholds that have been told of for this very date
 */
export function reminderStep(
  date: Date,
  thresholds: readonly number[],
  reminded: readonly number[],
  now: Date,
): Step {
  const crossed = thresholds.filter((days) => moment(date, days) <= now);
  const tightest = Math.min(...crossed);
  const ahead = thresholds.map((days) => moment(date, days)).filter((at) => at > now);
  return {
    reminder: crossed.length && tightest < Math.min(...reminded) ? tightest : null,
    nextAt: ahead.length ? new Date(Math.min(...ahead.map(Number))) : null,
  };
}

/** Where an authorization stands, and what is to be done about it at this moment. */
export interface RenewalStep extends Step {
  status: RenewalStatus;
}

/**
 * The whole policy of renewals: where an authorization stands and which reminder is to be sent now. It follows from the
 * due date and from what has been told of that date, never from when a run came by. After another consent, or when an
 * operator sets another date, the due date is another one and starts anew; the same date again starts nothing.
 * @param dueAt null: without that duty
 * @param reminded thresholds that have been told of for this due date
 */
export function renewalStep(
  dueAt: Date | null,
  reminderDays: readonly number[],
  reminded: readonly number[],
  now: Date,
): RenewalStep {
  const status = renewalStatus(dueAt, now, reminderDays);
  if (!dueAt) return { status, reminder: null, nextAt: null };
  const { reminder, nextAt } = reminderStep(dueAt, reminderDays, reminded, now);
  // It becomes overdue at the date itself, also where no reminder is sent on that day.
  const turns = dueAt > now && (!nextAt || dueAt < nextAt) ? dueAt : nextAt;
  return { status, reminder, nextAt: turns };
}
