import { describe, expect, it } from '@jest/globals';
import { contentSecurityPolicy, securityHeaders } from './security-headers.js';

function directives(policy: string): Record<string, string> {
  const pairs = policy.split('; ').map((part) => part.split(/ (.*)/).slice(0, 2) as [string, string]);
  return Object.fromEntries(pairs);
}

describe('securityHeaders', () => {
  it('are those that every answer must carry', () => {
    const { 'content-security-policy': policy, ...others } = securityHeaders(false);
    expect(others).toEqual({
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(directives(policy ?? '')).toMatchObject({
      'default-src': "'none'",
      'base-uri': "'none'",
      'form-action': "'self'",
      'frame-ancestors': "'none'",
    });
  });

  it('allow no script, no inline style and no other host', () => {
    const policy = securityHeaders(true)['content-security-policy'];
    expect(policy).not.toMatch(/script-src|unsafe|https?:|\*/);
  });

  it('promise https for a year in production only', () => {
    expect(securityHeaders(true)['strict-transport-security']).toMatch(/^max-age=31536000\b/);
    expect(securityHeaders(false)).not.toHaveProperty('strict-transport-security');
  });
});

describe('contentSecurityPolicy', () => {
  it('replaces the named directives and keeps the others', () => {
    const changed = directives(
      contentSecurityPolicy({ 'form-action': "'self' https:", 'script-src': "'self'" }),
    );
    expect(changed).toEqual({
      ...directives(contentSecurityPolicy()),
      'form-action': "'self' https:",
      'script-src': "'self'",
    });
  });
});
