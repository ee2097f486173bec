import { describe, expect, it } from '@jest/globals';
import { LwaError } from '../lwa/lwa-error.js';
import { backOffMilliseconds } from './back-off.js';

const down = new LwaError('transient', 'timeout');
const refused = new LwaError('client', 'unauthorized_client');

describe('backOffMilliseconds', () => {
  it('begins with a moment and grows with the time that Amazon has been failing, up to a minute', () => {
    expect(backOffMilliseconds(down, 0, 1)).toBe(400);
    expect(backOffMilliseconds(down, 10_000, 1)).toBe(10_000);
    expect(backOffMilliseconds(down, 9_000_000, 1)).toBe(60_000);
  });

  it('spreads callers over half of the time', () => {
    expect(backOffMilliseconds(down, 10_000, 0)).toBe(5_000);
    expect(backOffMilliseconds(down, 10_000, 0.5)).toBe(7_500);
  });

  it('never comes back before the Retry-After of Amazon', () => {
    const throttled = new LwaError('transient', 'throttled', { retryAfterSeconds: 120 });
    expect(backOffMilliseconds(throttled, 0, 0)).toBe(120_000);
  });

  it('waits at least half a minute where LWA refuses the request as such, and at most an hour', () => {
    expect(backOffMilliseconds(refused, 0, 0)).toBe(30_000);
    expect(backOffMilliseconds(refused, 99_000_000, 1)).toBe(3_600_000);
  });
});
