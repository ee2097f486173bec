import { type LwaError } from '../lwa/lwa-error.js';

/** Milliseconds, shortest and longest. */
const TRANSIENT = [400, 60_000] as const;
/** LWA refuses the request as such: without an operator that hardly passes. */
const REFUSED = [60_000, 3_600_000] as const;

/**
 * How long to leave Amazon in peace after a failure: about as long again as it has been failing, with jitter, so that
 * those who failed together do not come back together, and never shorter than Amazon asked for.
 * @param failingFor milliseconds since the first failure
 * @param random from 0 to 1
 */
export function backOffMilliseconds(failure: LwaError, failingFor: number, random = Math.random()): number {
  const [shortest, longest] = failure.kind === 'transient' ? TRANSIENT : REFUSED;
  const wait = Math.min(Math.max(failingFor, shortest), longest) * (0.5 + random / 2);
  return Math.max(wait, (failure.details.retryAfterSeconds ?? 0) * 1000);
}
