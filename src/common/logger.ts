import { type LoggerService } from '@nestjs/common';
import { types } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/**
 * JSON lines on stdout. What could carry a secret (headers, bodies, query strings, cookies) is never logged at all;
 * the redaction below is the second net, for objects that somebody logs whole.
 */
export function createLogger(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  const secrets = [
    'authorization', 'cookie', 'password', 'code', 'state', 'secret', 'accessToken', 'refreshToken', 'clientSecret',
    'access_token', 'refresh_token', 'client_secret', 'restrictedDataToken', 'email', 'to', 'from', 'parameters', 'query',
  ]; // prettier-ignore
  const redact = {
    paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
    censor: '[redacted]',
  };
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact,
      serializers: { err: describeError },
    },
    destination,
  );
}

/** Errors of other realms (native) and those that libraries build by prototype are errors too. */
export const isError = (value: unknown): value is Error =>
  value instanceof Error || types.isNativeError(value);

interface ErrorRecord {
  type: string;
  message: string;
  reason?: unknown;
  stack?: string;
  cause?: ErrorRecord;
}

/** An error as a log line shows it: never its extra properties, which drivers fill with queries and parameters. */
export function describeError(error: unknown): ErrorRecord {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'a value that is not an Error was thrown' };
  const record: ErrorRecord = { type: error.name, message: error.message };
  if ('code' in error) record.reason = error.code;
  if (error.stack) record.stack = error.stack;
  if (isError(error.cause)) record.cause = describeError(error.cause);
  return record;
}

/** Nest's messages and ours in the same log. Ours may be objects, `{ message, ...fields }`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  /** Nest's own, which are many, are for debugging; what we log as an object is for operators. */
  log(message: unknown, context?: string): void {
    if (isRecord(message)) this.write('info', message, context);
    else this.logger.debug({ context }, String(message));
  }
  warn(message: unknown, context?: string): void {
    this.write('warn', message, context);
  }
  error(message: unknown, ...rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? String(rest.at(-1)) : undefined;
    if (message instanceof Error) this.logger.error({ context, err: message }, message.message);
    else if (isRecord(message)) this.write('error', message, context);
    else this.logger.error({ context, stack: rest.length > 1 ? rest[0] : undefined }, String(message));
  }
  fatal(message: unknown, context?: string): void {
    this.logger.fatal({ context }, String(message));
  }

  private write(level: 'info' | 'warn' | 'error', message: unknown, context?: string): void {
    if (!isRecord(message)) return this.logger[level]({ context }, String(message));
    const { message: text, ...fields } = message;
    this.logger[level]({ context, ...fields }, text);
  }
}

const isRecord = (message: unknown): message is { message: string } =>
  typeof message === 'object' && message !== null && !(message instanceof Error) && 'message' in message;
