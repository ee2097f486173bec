/**
 * Whose failure it is:
 * - `grant`: this code or refresh token is dead; the seller must authorize again. Nobody else is affected.
 * - `client`: LWA refuses our application (or our request); the operator must act. It says nothing about any seller.
 * - `transient`: network, timeout, throttling, Amazon's own trouble, an unreadable answer; try again later.
 */
export type LwaFailureKind = 'grant' | 'client' | 'transient';

/** The only error of `LwaProvider`. Its message holds LWA's error code, never a token, code or secret. */
export class LwaError extends Error {
  constructor(
    readonly kind: LwaFailureKind,
    /** LWA's `error`, or our own word where there was no readable answer. */
    readonly reason: string,
    readonly details: {
      status?: number;
      description?: string;
      retryAfterSeconds?: number;
      cause?: unknown;
    } = {},
  ) {
    super(`LWA: ${reason}${details.status ? ` (HTTP ${details.status})` : ''}`, { cause: details.cause });
    this.name = 'LwaError';
  }
}

const GRANT = new Set(['invalid_grant', 'access_denied']);
const CLIENT = new Set([
  'invalid_client',
  'unauthorized_client',
  'invalid_scope',
  'invalid_request',
  'unsupported_grant_type',
]);

/** The one place that knows what LWA's error codes mean. Anything unknown is transient: it condemns nobody. */
export function meaningOf(status: number, error: string): LwaFailureKind {
  // Throttling and server trouble first: what a struggling server writes into the body is not to be believed.
  if (status === 429 || status >= 500) return 'transient';
  if (GRANT.has(error)) return 'grant';
  return CLIENT.has(error) ? 'client' : 'transient';
}
