import { Forbidden, InvalidRequest, RateLimited, RegrantError } from '../common/errors.js';
import { type AmazonFault, type SpApiError } from './sp-api.js';

/**
 * A failure of the SP-API as our caller is to see it, Amazon's own words included.
 * @param pathOf the field of our caller's request that a refusal is about
 */
export function spApiProblem(error: SpApiError, pathOf: (fault: string) => string): RegrantError {
  const { reason, details } = error;
  const texts = (details.errors ?? []).map(inWords);
  switch (error.kind) {
    case 'refused': {
      const message = 'Amazon finds the request not valid.';
      const errors = texts.map((text) => ({ path: pathOf(text), message: text }));
      return new InvalidRequest(message, errors.length ? errors : undefined, { cause: error });
    }
    case 'denied':
      if (reason === 'client_secret_expired') return secretExpired(error);
      return new Forbidden(`Amazon does not allow it: ${texts.join(' ') || 'it gives no reason.'}`, {
        cause: error,
      });
    case 'transient':
      if (reason === 'throttled')
        return new RateLimited(
          "Amazon's limit of such calls is reached for this selling partner and application.",
          details.retryAfterSeconds ?? 1,
        );
      return unavailable(error);
  }
}

function inWords({ message, details }: AmazonFault): string {
  return [message, details].filter((text) => text).join(' ');
}

function secretExpired(error: SpApiError): RegrantError {
  return new RegrantError(
    'application_credentials_rejected',
    503,
    'Amazon rejects the application',
    "Amazon says that the application's client secret has expired. An operator must rotate it.",
    { retryAfterSeconds: 60, cause: error },
  );
}

function unavailable(error: SpApiError): RegrantError {
  return new RegrantError(
    'amazon_unavailable',
    503,
    'Amazon does not answer',
    `The Selling Partner API could not be reached or did not answer usefully (${error.reason}).`,
    { retryAfterSeconds: error.details.retryAfterSeconds ?? 5, cause: error },
  );
}
