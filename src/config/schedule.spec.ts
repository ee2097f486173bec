import { describe, expect, it } from '@jest/globals';
import { isSchedule } from './schedule.js';

describe('isSchedule', () => {
  it.each([
    '0 7 * * *',
    '*/15 6-8,18 * * mon-fri',
    '30 2 29 2 *',
    '5 4 31 1,2 *',
    '0 0 31 2 7',
    '0 22/1 1 JAN *',
  ])('takes %s', (value) => {
    expect(isSchedule(value)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['words', 'every day'],
    ['six fields', '0 0 7 * * *'],
    ['a minute too late', '60 7 * * *'],
    ['day 0', '0 7 0 * *'],
    ['a range that runs backwards', '0 9-7 * * *'],
    ['a step of nothing', '*/0 7 * * *'],
    ['half a list', '0,,5 7 * * *'],
    ['an unknown name', '0 7 * * someday'],
    ['a date that never comes', '0 7 30 2 *'],
  ])('refuses %s', (_what, value) => {
    expect(isSchedule(value)).toBe(false);
  });
});
