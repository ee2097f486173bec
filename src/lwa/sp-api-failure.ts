import { type AmazonAnswer, retryAfterSeconds } from './amazon-http.js';
import { type AmazonFault, SpApiError } from './sp-api.js';

/** Of what Amazon says, more than this is not for people to read. */
const MAX_FAULTS = 10;
const MAX_TEXT = 300;
const LONGEST_WAIT_SECONDS = 3600;

/** The one place that knows what an answer of the SP-API other than success means. */
export function spApiFailure(answer: AmazonAnswer, accessToken: string, now: Date): SpApiError {
  const { status, headers } = answer;
  const errors = faults(answer, accessToken);
  if (status === 401 || status === 403)
    return new SpApiError('denied', deniedReason(status, errors), { status, errors });
  if (status === 400 || status === 404) return new SpApiError('refused', 'bad_request', { status, errors });
  const throttled = status === 429;
  const seconds = retryAfterSeconds(headers, now) ?? (throttled ? secondsPerCall(headers) : undefined);
  return new SpApiError('transient', throttled ? 'throttled' : 'no_success', {
    status,
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
  });
}

/** Amazon's code is `Unauthorized` for all of these; only the details tell them apart. */
function deniedReason(status: number, errors: readonly AmazonFault[]): string {
  const says = (pattern: RegExp) =>
    errors.some(({ message, details }) => pattern.test(`${message} ${details}`));
  if (says(/LWA secret.*expired/i)) return 'client_secret_expired';
  return status === 401 || says(/access token.*(expired|revoked|invalid)/i)
    ? 'token_rejected'
    : 'access_denied';
}

/** The usage plan of the operation (calls per second) says when the next call has its turn. */
function secondsPerCall(headers: Headers): number | undefined {
  const rate = Number(headers.get('x-amzn-ratelimit-limit'));
  return rate > 0 ? Math.min(Math.ceil(1 / rate), LONGEST_WAIT_SECONDS) : undefined;
}

function faults({ object }: AmazonAnswer, accessToken: string): AmazonFault[] {
  const list: unknown = object?.['errors'];
  if (!Array.isArray(list)) return [];
  const text = (value: unknown) =>
    typeof value === 'string' ? value.replaceAll(accessToken, '…').slice(0, MAX_TEXT).trim() : '';
  return list.slice(0, MAX_FAULTS).flatMap((entry: unknown) => {
    const { message, details } = (entry ?? {}) as Record<string, unknown>;
    return text(message) || text(details) ? [{ message: text(message), details: text(details) }] : [];
  });
}
