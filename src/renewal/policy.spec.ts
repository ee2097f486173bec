import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays } from '../tokens/renewal-status.js';
import { reminderStep, renewalStep } from './policy.js';

const DAYS = [60, 30, 14, 7, 1, 0, -7, -14];
const due = new Date('2028-02-29T09:30:00.000Z');
const MILLISECOND = 1 / 86_400_000;
/** The moment `days` before the due date. */
const before = (days: number): Date => addDays(due, -days);

describe('renewalStep', () => {
  it.each<[string, Date, number[], string, number | null, number | null]>([
    // what, now, reminded, status, reminder, days before the date of the next look
    ['nothing a moment before the first reminder', before(60 + MILLISECOND), [], 'current', null, 60],
    ['the first reminder at its very moment', before(60), [], 'due', 60, 30],
    ['nothing more once that was sent', before(60), [60], 'due', null, 30],
    ['nothing between two reminders', before(31), [60], 'due', null, 30],
    ['the next reminder', before(30), [60], 'due', 30, 14],
    ['only the tightest of several missed', before(7.5), [60], 'due', 14, 7],
    ['the tightest when none was ever sent', before(1), [], 'due', 1, 0],
    ['nothing looser than what was sent', before(20), [60, 14], 'due', null, 14],
    ['overdue at the date itself, with its reminder', before(0), [60, 30, 14, 7, 1], 'overdue', 0, -7],
    ['due until the last moment', before(MILLISECOND), [60, 30, 14, 7, 1], 'due', null, 0],
    ['overdue reminders after the date', before(-7), [60, 30, 14, 7, 1, 0], 'overdue', -7, -14],
    ['the last one', before(-14), [0, -7], 'overdue', -14, null],
    ['nothing after the last one', before(-400), [-14], 'overdue', null, null],
    ['the last one to who was never told, years late', before(-400), [], 'overdue', -14, null],
  ])('says %s', (_what, now, reminded, status, reminder, next) => {
    const nextAt = next === null ? null : before(next);
    expect(renewalStep(due, DAYS, reminded, now)).toEqual({ status, reminder, nextAt });
  });

  it('looks again at the date itself when no reminder is set for that day', () => {
    expect(renewalStep(due, [30, 7], [30, 7], before(3)).nextAt).toEqual(due);
    expect(renewalStep(due, [30, -7], [30], before(3)).nextAt).toEqual(due);
    expect(renewalStep(due, [30, 7], [30, 7], due)).toEqual({
      ...{ status: 'overdue', reminder: null, nextAt: null },
    });
  });

  it('leaves an authorization without a due date alone', () => {
    expect(renewalStep(null, DAYS, [], due)).toEqual({
      ...{ status: 'not_applicable', reminder: null, nextAt: null },
    });
  });

  it('asks for the same whatever order the settings have', () => {
    const shuffled = [-14, 30, 0, 60, 7, -7, 1, 14];
    for (const days of [61, 60, 45, 30, 8, 0.5, 0, -3, -30])
      expect(renewalStep(due, shuffled, [60], before(days))).toEqual(
        renewalStep(due, DAYS, [60], before(days)),
      );
  });
});

describe('A year of runs', () => {
  /** Lets runs come by at these moments; answers what each of them sent. */
  const sent = (moments: readonly number[]): number[] => {
    const reminded: number[] = [];
    for (const days of [...moments].sort((a, b) => b - a)) {
      const { reminder } = reminderStep(due, DAYS, reminded, before(days));
      if (reminder !== null) reminded.push(reminder);
    }
    return reminded;
  };
  const hours = fc.integer({ min: -50 * 24, max: 400 * 24 });
  const moments = fc.array(
    hours.map((count) => count / 24),
    { maxLength: 60 },
  );

  it('sends every reminder once, each on its day, when a run comes by every day', () => {
    expect(sent(Array.from({ length: 400 }, (_, day) => 365 - day))).toEqual(DAYS);
  });

  it('never sends a reminder twice, nor a looser one after a tighter one, whenever runs come by', () => {
    fc.assert(
      fc.property(moments, (days) => {
        const all = sent(days);
        expect(all).toEqual([...new Set(all)].sort((a, b) => b - a));
      }),
    );
  });

  it('has sent the tightest reminder that was due at any run, however many were missed before', () => {
    fc.assert(
      fc.property(moments, (days) => {
        const latest = Math.min(...days);
        const crossed = DAYS.filter((threshold) => latest <= threshold);
        expect(sent(days).at(-1)).toBe(crossed.length && days.length ? Math.min(...crossed) : undefined);
      }),
    );
  });

  it('misses nothing when runs come by only when the policy asked for it', () => {
    const reminded: number[] = [];
    for (let now: Date | null = before(365); now;) {
      const { reminder, nextAt } = renewalStep(due, DAYS, reminded, now);
      if (reminder !== null) reminded.push(reminder);
      expect(nextAt === null || nextAt > now).toBe(true);
      now = nextAt;
    }
    expect(reminded).toEqual(DAYS);
  });
});
