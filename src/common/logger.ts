import { type LoggerService } from '@nestjs/common';
import { types } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/**
 * JSON lines on stdout. What could carry a secret (headers, bodies, query strings, cookies) is never logged at all;
 * the redaction below is the second net, for objects that somebody logs whole.
 */
export function createLogger(level: string, destination: DestinationStream = new StandardOutput()): Logger {
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
      timestamp: () => `,"time":"${isoTime()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact,
      serializers: { err: describeError },
    },
    destination,
  );
}

let lastTime = 0;
let lastIsoTime = '';
/** Written once a millisecond, in which a busy process has many lines. */
function isoTime(): string {
  const now = Date.now();
  if (now !== lastTime) lastIsoTime = new Date((lastTime = now)).toISOString();
  return lastIsoTime;
}

/**
 * A logger for lines whose every field is known to hold no secret: looking for some costs more than the whole request
 * that such a line tells of.
 */
export const withoutRedaction = (logger: Logger): Logger => logger.child({}, { redact: [] });

/** Milliseconds that a line may wait for others, and how much may wait. */
const GATHERED_FOR = 20;
const GATHERED_CHARACTERS = 8192;
const WARN = 40;
/** A stream with this property is told by pino the level of the line that it is to write. */
const TELL_LEVEL: unique symbol = Symbol.for('pino.metadata');

/**
 * Standard output, many lines at a time: a system call for each costs more than most requests. A warning or an error
 * goes out at once with all that waits, and so does everything when the process ends; what `kill -9` can lose are the
 * plain lines of the last moment.
 */
class StandardOutput implements DestinationStream {
  readonly [TELL_LEVEL] = true;
  lastLevel = 0;
  private readonly output = pino.destination({ fd: 1, sync: true });
  private gathered = '';
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    process.on('exit', () => this.flush());
  }

  write(line: string): void {
    this.gathered += line;
    if (this.lastLevel >= WARN || this.gathered.length >= GATHERED_CHARACTERS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), GATHERED_FOR).unref();
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.gathered) this.output.write(this.gathered);
    this.gathered = '';
  }
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
