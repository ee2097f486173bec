import { type RegrantConfig } from '../config/config.js';
import { type Workflow } from './authorization.entity.js';

export type RenewalStatus = 'current' | 'due' | 'overdue' | 'not_applicable';

export const DAY = 86_400_000;

/** The moment `days` after `from`; days of 24 hours, so that time zones and summer time play no part. */
export const addDays = (from: Date, days: number): Date => new Date(from.getTime() + days * DAY);

/** Whole days until the date, rounded up: a day that has begun counts. Negative or zero once it has passed. */
export const daysUntil = (date: Date, now: Date): number =>
  // Never -0, which prints and compares in its own ways.
  Math.ceil((date.getTime() - now.getTime()) / DAY) + 0;

/** Names a due date in keys: dates on the same day (in UTC) are the same duty, told of once. */
export const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

/** When Amazon wants the consent again; null for grants without that duty. */
export function dueDate(
  authorizedAt: Date,
  workflow: Workflow,
  { periodDays, selfAuthorizations }: Pick<RegrantConfig['renewal'], 'periodDays' | 'selfAuthorizations'>,
): Date | null {
  return workflow === 'self' && !selfAuthorizations ? null : addDays(authorizedAt, periodDays);
}

/** The moments that split due dates into overdue, due and current. `due` begins at the first reminder. */
export function renewalBounds(
  now: Date,
  reminderDays: readonly number[],
): { overdueUntil: Date; dueUntil: Date } {
  return { overdueUntil: now, dueUntil: addDays(now, Math.max(0, ...reminderDays)) };
}

/** Where an authorization stands in its yearly duty. A soft date of ours: it never stops vending. */
export function renewalStatus(dueAt: Date | null, now: Date, reminderDays: readonly number[]): RenewalStatus {
  if (!dueAt) return 'not_applicable';
  const { overdueUntil, dueUntil } = renewalBounds(now, reminderDays);
  if (dueAt <= overdueUntil) return 'overdue';
  return dueAt <= dueUntil ? 'due' : 'current';
}
