import { describe, expect, it } from '@jest/globals';
import { csrfToken, isCsrfToken } from './csrf.js';

describe('csrfToken', () => {
  it('holds for the browser and session it was made for', () => {
    expect(isCsrfToken(csrfToken('browser', 'session'), 'browser', 'session')).toBe(true);
    expect(isCsrfToken(csrfToken('browser', undefined), 'browser', undefined)).toBe(true);
  });

  it.each([
    ['another browser', csrfToken('other', 'session')],
    ['another session', csrfToken('browser', 'other')],
    ['the time before sign-in', csrfToken('browser', undefined)],
    ['an empty field', ''],
    ['a missing field', undefined],
    ['a repeated field', [csrfToken('browser', 'session')]],
    ['a longer text', `${csrfToken('browser', 'session')}x`],
  ])('refuses the token of %s', (_, given) => {
    expect(isCsrfToken(given, 'browser', 'session')).toBe(false);
  });
});
