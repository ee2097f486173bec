import { describe, expect, it } from '@jest/globals';
import { LwaError, type LwaFailureKind, meaningOf } from './lwa-error.js';

describe('meaningOf', () => {
  it.each<[LwaFailureKind, number, string]>([
    // One seller: the code or refresh token is dead.
    ['grant', 400, 'invalid_grant'],
    ['grant', 400, 'access_denied'],
    // The whole application: the operator must act, and no seller is to blame.
    ['client', 401, 'invalid_client'],
    ['client', 400, 'unauthorized_client'],
    ['client', 400, 'invalid_scope'],
    ['client', 400, 'invalid_request'],
    ['client', 400, 'unsupported_grant_type'],
    // Amazon's own trouble, whatever the body says.
    ['transient', 500, 'server_error'],
    ['transient', 503, 'temporarily_unavailable'],
    ['transient', 500, 'invalid_grant'],
    ['transient', 503, 'invalid_client'],
    ['transient', 429, 'invalid_grant'],
    ['transient', 429, 'QuotaExceeded'],
    // What nobody has described condemns nobody.
    ['transient', 400, 'server_error'],
    ['transient', 400, 'INVALID_GRANT'],
    ['transient', 400, ''],
    ['transient', 403, 'other'],
    ['transient', 404, 'unreadable'],
  ])('is %s for HTTP %i with %j', (kind, status, error) => {
    expect(meaningOf(status, error)).toBe(kind);
  });
});

describe('LwaError', () => {
  it("says LWA's code and status in its message, and keeps the description out of it", () => {
    const error = new LwaError('grant', 'invalid_grant', {
      status: 400,
      description: 'Atzr|token was refused',
    });
    expect(error.message).toBe('LWA: invalid_grant (HTTP 400)');
    expect(new LwaError('transient', 'timeout').message).toBe('LWA: timeout');
  });
});
