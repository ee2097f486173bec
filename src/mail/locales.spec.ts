import { describe, expect, it } from '@jest/globals';
import { daysUntil } from './authorization-facts.js';
import { chooseLocale } from './locales.js';

describe('chooseLocale', () => {
  it.each([
    ['de', 'de', 'de'],
    ['de-AT', 'de', 'de-AT'],
    ['en-GB', 'en', 'en-GB'],
    ['pt-BR', 'en', 'en'],
    ['', 'en', 'en'],
    ['not a locale', 'en', 'en'],
  ])('writes to %p in %p, with dates as in %p', (locale, language, tag) => {
    expect(chooseLocale(locale)).toEqual({ language, tag });
  });
});

describe('daysUntil', () => {
  const due = new Date('2028-03-01T12:00:00Z');
  it.each([
    ['2028-02-28T12:00:00Z', 2],
    ['2028-02-28T12:00:01Z', 2],
    ['2028-02-28T11:59:59Z', 3],
    ['2028-03-01T11:59:59Z', 1],
    ['2028-03-01T12:00:00Z', 0],
    ['2028-03-01T18:00:00Z', 0],
    ['2028-03-08T12:00:00Z', -7],
  ])('counts from %s', (now, days) => {
    expect(daysUntil(due, new Date(now))).toBe(days);
  });
});
