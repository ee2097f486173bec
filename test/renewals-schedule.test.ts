import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RenewalSchedule } from '../src/renewal/renewal-schedule.js';
import { startTestApp, type TestApp } from './support/app.js';

/** Clocks are set forward at 01:00 UTC on 28 March 2027, from 2 to 3, and back at 01:00 UTC on 31 October, from 3 to 2. */
describe.each([
  ['in the middle of the day', '0 7 * * *', '07:00', '07:00'],
  ['within the hour that is skipped and repeated', '30 2 * * *', '03:00', '02:30'],
  ['at the beginning of that hour', '0 2 * * *', '03:00', '02:00'],
  ['at its end', '0 3 * * *', '03:00', '03:00'],
  ['right after it', '30 3 * * *', '03:30', '03:30'],
])('A daily schedule %s, in a time zone with summer time', (_what, cron, inSpring, inAutumn) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp({ RENEWAL_CRON: cron, RENEWAL_TIMEZONE: 'Europe/Berlin' });
  });
  afterAll(() => app.stop());

  /** Day and time in Berlin of every run from that moment on. */
  const runsFrom = (from: string, count: number): string[] => {
    const schedule = app.nest.get(RenewalSchedule);
    let moment = new Date(from);
    return Array.from({ length: count }, () => {
      moment = schedule.nextAfter(moment);
      return moment.toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' }).slice(0, 16);
    });
  };

  it('has one run on each day, on those when the clocks change as well', () => {
    const [hour, minute] = [cron.split(' ')[1]?.padStart(2, '0'), cron.split(' ')[0]?.padStart(2, '0')];
    const usual = `${hour}:${minute}`;
    expect(runsFrom('2027-03-26T23:30:00Z', 3)).toEqual([
      `2027-03-27 ${usual}`,
      `2027-03-28 ${inSpring}`,
      `2027-03-29 ${usual}`,
    ]);
    expect(runsFrom('2027-10-29T23:30:00Z', 3)).toEqual([
      `2027-10-30 ${usual}`,
      `2027-10-31 ${inAutumn}`,
      `2027-11-01 ${usual}`,
    ]);
  });

  it('has one on the leap day', () => {
    const days = runsFrom('2028-02-27T23:30:00Z', 3).map((run) => run.slice(0, 10));
    expect(days).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  });
});
