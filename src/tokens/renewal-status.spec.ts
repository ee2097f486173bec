import { describe, expect, it } from '@jest/globals';
import { addDays, dayOf, daysUntil, dueDate, renewalStatus } from './renewal-status.js';

const now = new Date('2027-03-01T12:00:00Z');
const MILLISECOND = 1 / 86_400_000;
const reminders = [60, 30, 0, -7];

describe('renewalStatus', () => {
  it.each([
    ['current a moment before the first reminder', new Date(addDays(now, 60).getTime() + 1), 'current'],
    ['due from the first reminder on', addDays(now, 60), 'due'],
    ['due until the last moment', new Date(now.getTime() + 1), 'due'],
    ['overdue at the due date', now, 'overdue'],
    ['overdue afterwards', addDays(now, -400), 'overdue'],
    ['not applicable without a due date', null, 'not_applicable'],
  ])('is %s', (_what, dueAt, expected) => {
    expect(renewalStatus(dueAt, now, reminders)).toBe(expected);
  });

  it('is never due before the due date when all reminders come after it', () => {
    expect(renewalStatus(addDays(now, 1), now, [-1, -7])).toBe('current');
  });

  it('counts days of 24 hours across a leap day', () => {
    expect(addDays(new Date('2028-02-28T10:00:00Z'), 365).toISOString()).toBe('2029-02-27T10:00:00.000Z');
  });
});

describe('dueDate', () => {
  const renewal = { periodDays: 365, reminderDays: reminders, selfAuthorizations: false };

  it('is a period after the consent, for both OAuth workflows', () => {
    expect(dueDate(now, 'website', renewal)).toEqual(addDays(now, 365));
    expect(dueDate(now, 'appstore', renewal)).toEqual(addDays(now, 365));
  });

  it('is none for a self-authorization, unless the operator wants one', () => {
    expect(dueDate(now, 'self', renewal)).toBeNull();
    expect(dueDate(now, 'self', { ...renewal, selfAuthorizations: true })).toEqual(addDays(now, 365));
  });
});

describe('daysUntil', () => {
  const due = new Date('2028-03-01T12:00:00Z');

  it.each([
    ['a whole day', 1, 1],
    ['a day that has just begun', 1 + MILLISECOND, 2],
    ['the last moment', MILLISECOND, 1],
    ['the date itself', 0, 0],
    ['a moment after', -MILLISECOND, 0],
    ['a day after', -1, -1],
    ['days across a leap day', 2, 2],
  ])('counts %s', (_what, days, expected) => {
    expect(daysUntil(due, addDays(due, -days))).toBe(expected);
  });

  it('counts the days of a year through a leap day and both changes of the clocks', () => {
    const consent = new Date('2027-03-01T00:30:00+01:00');
    expect(daysUntil(addDays(consent, 365), consent)).toBe(365);
    expect(dayOf(addDays(consent, 365))).toBe('2028-02-28');
  });
});
