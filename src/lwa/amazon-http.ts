/** Amazon's answers to us are small; one beyond this is not from Amazon. */
const MAX_BODY_BYTES = 256 * 1024;
/** Amazon says that tokens have up to 2048 characters. */
const MAX_TOKEN_LENGTH = 4096;
/** In the form that the SP-API asks for: application, version, language. */
const USER_AGENT = 'Regrant/0.1 (Language=TypeScript)';

/** What Amazon answered, body read to the end. */
export interface AmazonAnswer {
  status: number;
  headers: Headers;
  /** The body as a JSON object; undefined when it is none. */
  object: Record<string, unknown> | undefined;
}

/** No usable answer: `reason` is `timeout`, `unreachable` or `body_too_large`. */
export class NoAnswer extends Error {
  constructor(
    readonly reason: string,
    cause?: unknown,
  ) {
    super(reason, { cause });
    this.name = 'NoAnswer';
  }
}

/**
 * Calls Amazon: one deadline from connect to the last byte, a bounded body, no redirects.
 * @throws NoAnswer
 */
export async function callAmazon(
  url: string,
  init: RequestInit & { headers?: Record<string, string> },
  timeoutSeconds: number,
): Promise<AmazonAnswer> {
  const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const response = await fetch(url, {
      ...init,
      headers: { accept: 'application/json', 'user-agent': USER_AGENT, ...init.headers },
      redirect: 'error',
      signal: deadline,
    });
    return {
      status: response.status,
      headers: response.headers,
      object: parseObject(await readBounded(response)),
    };
  } catch (cause) {
    if (cause instanceof NoAnswer) throw cause;
    throw new NoAnswer(deadline.aborted ? 'timeout' : 'unreachable', cause);
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new NoAnswer('body_too_large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Printable and of a sane length: it will be put into headers by those who get it. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(value);
}

/** Seconds, from either form of RFC 9110 section 10.2.3, bounded to an hour; undefined without a usable header. */
export function retryAfterSeconds(headers: Headers, now: Date): number | undefined {
  const header = headers.get('retry-after');
  if (!header) return undefined;
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : Math.ceil((Date.parse(header) - now.getTime()) / 1000);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3600) : undefined;
}
