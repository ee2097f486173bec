const POLICY = {
  'default-src': "'none'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'form-action': "'self'",
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
};

/** A Content-Security-Policy: ours, with some directives replaced. */
export function contentSecurityPolicy(overrides: Record<string, string> = {}): string {
  return Object.entries({ ...POLICY, ...overrides })
    .map(([directive, value]) => `${directive} ${value}`)
    .join('; ');
}

/**
 * Headers of every answer, errors included. `no-referrer` keeps codes and states in our URLs from leaking to other
 * sites; `no-store` is the default because nearly everything here is personal, and static files override it.
 */
export function securityHeaders(production: boolean): Record<string, string> {
  return {
    'referrer-policy': 'no-referrer',
    'content-security-policy': contentSecurityPolicy(),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
    ...(production && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  };
}
