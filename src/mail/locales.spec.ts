import { describe, expect, it } from '@jest/globals';
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
