import { type Failure, GARBAGE } from '../world/misbehaviour.js';

/** An answer of the SP-API; a body of type string goes out as HTML. */
export interface SpApiAnswer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** An error in the words of Amazon, whose details tell causes apart. */
export function spApiError(status: number, code: string, message: string, details = ''): SpApiAnswer {
  return { status, body: { errors: [{ code, message, details }] } };
}

/** A refusal, for reasons that Amazon tells in the details or not at all. */
export function denied(details = ''): SpApiAnswer {
  return spApiError(403, 'Unauthorized', 'Access to requested resource is denied.', details);
}

/** What an empty bucket of a usage plan answers. */
export const quotaExceeded = spApiError(
  429,
  'QuotaExceeded',
  'You exceeded your quota for the requested resource.',
);

/** What the SP-API sends when a scenario makes it fail. */
export const failureAnswers: Record<Failure, SpApiAnswer> = {
  throttled: { ...quotaExceeded, headers: { 'retry-after': '1' } },
  error500: spApiError(500, 'InternalFailure', 'We encountered an internal error. Please try again.'),
  garbage: { status: 200, body: GARBAGE },
};
