import { RegrantError } from '../common/errors.js';
import { type LwaError } from './lwa-error.js';

/** LWA refuses our application: an operator must act, no seller can. */
export function credentialsRejected(error: LwaError): RegrantError {
  return new RegrantError(
    'application_credentials_rejected',
    503,
    'Amazon rejects the application',
    `Login with Amazon refuses the application's credentials (${error.reason}). An operator must check its client id and secret.`,
    { retryAfterSeconds: error.details.retryAfterSeconds ?? 60, cause: error },
  );
}

/** Amazon did not answer, or not usefully: trying again later makes sense. */
export function amazonUnavailable(error: LwaError): RegrantError {
  return new RegrantError(
    'amazon_unavailable',
    503,
    'Amazon does not answer',
    `Login with Amazon could not be reached or did not answer usefully (${error.reason}).`,
    { retryAfterSeconds: error.details.retryAfterSeconds ?? 5, cause: error },
  );
}
