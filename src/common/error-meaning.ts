import { HttpException } from '@nestjs/common';
import {
  type ErrorCode,
  InvalidRequest,
  NotFound,
  RateLimited,
  RegrantError,
  Unavailable,
  Unauthenticated,
} from './errors.js';
import { isError } from './logger.js';

/** What Node and PostgreSQL say when the database cannot be reached, is starting, stopping or out of connections. */
const DATABASE_DOWN = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN',
  '08000', '08001', '08003', '08004', '08006', '53300', '57P01', '57P02', '57P03', '25006',
]); // prettier-ignore
const DRIVER_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|not queryable|Client was closed/i;

/** Any thrown value as one of our errors; what we do not know becomes `internal` and hides its message. */
export function toRegrantError(thrown: unknown): RegrantError {
  if (thrown instanceof RegrantError) return thrown;
  const error = isError(thrown) ? thrown : new Error('a value that is not an Error was thrown');
  if (isDatabaseDown(error)) return new Unavailable(error);
  const status = statusOf(error);
  if (status === 401) return new Unauthenticated();
  if (status === 404) return new NotFound('There is nothing at this address.');
  if (status === 429) return new RateLimited('Too many requests. Please wait a moment.', 60);
  if (status >= 400 && status < 500) return clientError(error, status);
  return new RegrantError(
    'internal',
    500,
    'Something went wrong',
    'An unexpected error happened on our side.',
    {
      advice: 'Nothing was lost. Please try again; if it happens again, tell us the reference number below.',
      cause: error,
    },
  );
}

function statusOf(error: Error): number {
  if (error instanceof HttpException) return error.getStatus();
  // Fastify's own refusals (bad JSON, body too large, unsupported media type) carry their status.
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}

function clientError(error: Error, status: number): RegrantError {
  const code: ErrorCode = 'invalid_request';
  const sentences: Record<number, string> = {
    405: 'This address does not answer that method.',
    413: 'The request body is too large.',
    414: 'The address is too long.',
    415: 'The content type is not supported.',
  };
  const message = sentences[status] ?? 'The request could not be understood.';
  if (status === 400) return new InvalidRequest(message, undefined, { cause: error });
  return new RegrantError(code, status, 'The request is not valid', message, { cause: error });
}

export function isDatabaseDown(error: Error): boolean {
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && DATABASE_DOWN.has(code)) return true;
  if (isError(driverError) && driverError !== error && isDatabaseDown(driverError)) return true;
  return DRIVER_MESSAGES.test(error.message);
}

/** The cause of a failure for the log, without the words of the database, which may repeat values of rows. */
export function reasonOf(error: unknown): string {
  if (error instanceof RegrantError) return error.code;
  const { code } = (error as { driverError?: { code?: string } }).driverError ?? {};
  if (code) return `database error ${code}`;
  return isError(error) ? error.name : 'a value that is not an Error was thrown';
}
