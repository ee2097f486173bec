import { describe, expect, it } from '@jest/globals';
import { backoffSeconds } from './backoff.js';

describe('backoffSeconds', () => {
  it('starts at half a minute, doubles, and stays at two hours', () => {
    expect([1, 2, 3, 8, 9, 10, 60].map((attempts) => backoffSeconds(attempts, 0))).toEqual([
      30, 60, 120, 3840, 7200, 7200, 7200,
    ]);
  });

  it('is shortened by up to a half at random', () => {
    expect(backoffSeconds(1, 0.5)).toBe(22.5);
    expect(backoffSeconds(9, 1)).toBe(3600);
  });
});
