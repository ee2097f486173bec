import { describe, expect, it } from '@jest/globals';
import { RateLimited } from '../common/errors.js';
import { AttemptLimiter, clientOf } from './attempt-limiter.js';

const at = (seconds: number) => new Date(seconds * 1000);

describe('AttemptLimiter', () => {
  it('refuses what exceeds the limit and says when to come back', () => {
    const limiter = new AttemptLimiter(2, 600);
    limiter.count('a', at(0));
    limiter.count('a', at(1));
    const refused = catchError(() => limiter.count('a', at(100)));
    expect(refused).toBeInstanceOf(RateLimited);
    expect(refused).toMatchObject({
      status: 429,
      retryAfterSeconds: 500,
      message: expect.stringContaining('9 minutes'),
    });
  });

  it('counts every client by itself and forgets a window that is over', () => {
    const limiter = new AttemptLimiter(1, 600);
    limiter.count('a', at(0));
    limiter.count('b', at(0));
    limiter.count('a', at(600));
    expect(() => limiter.count('b', at(599))).toThrow(RateLimited);
  });
});

describe('clientOf', () => {
  it('takes an IPv6 subscriber’s whole network for one client', () => {
    expect(clientOf('2001:db8:1:2::1')).toBe(clientOf('2001:db8:1:2:ffff::9'));
    expect(clientOf('2001:db8:1:2::1')).not.toBe(clientOf('2001:db8:1:3::1'));
  });

  it('knows an IPv4 address in IPv6 clothes', () => {
    expect(clientOf('::ffff:192.0.2.7')).toBe(clientOf('192.0.2.7'));
  });
});

function catchError(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
