import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { LwaError, meaningOf } from './lwa-error.js';
import { type LwaAccessToken, type LwaClient, type LwaGrant, LwaProvider } from './lwa-provider.js';

/** Tokens have up to 2048 characters each; an answer beyond this is not from LWA. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_TOKEN_LENGTH = 4096;

/** LWA over HTTP: one deadline from connect to the last byte, a bounded body, no redirects, and a checked answer. */
@Injectable()
export class HttpLwaProvider extends LwaProvider {
  constructor(
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {
    super();
  }

  exchangeCode(client: LwaClient, code: string, redirectUri: string): Promise<LwaGrant> {
    return this.grant(client, { grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  }

  refresh(client: LwaClient, refreshToken: string): Promise<LwaGrant> {
    return this.grant(client, { grant_type: 'refresh_token', refresh_token: refreshToken }, refreshToken);
  }

  async clientCredentials(client: LwaClient, scope: string): Promise<LwaAccessToken> {
    return readAccessToken(await this.post(client, { grant_type: 'client_credentials', scope }));
  }

  /** @param fallback the refresh token to keep when LWA does not repeat it */
  private async grant(
    client: LwaClient,
    fields: Record<string, string>,
    fallback?: string,
  ): Promise<LwaGrant> {
    const answer = await this.post(client, fields);
    const refreshToken = answer['refresh_token'] ?? fallback;
    if (!isToken(refreshToken)) throw unreadable('no refresh token');
    return { ...readAccessToken(answer), refreshToken };
  }

  private async post(client: LwaClient, fields: Record<string, string>): Promise<Record<string, unknown>> {
    const body = new URLSearchParams({
      ...fields,
      client_id: client.clientId,
      client_secret: client.clientSecret,
    });
    const { response, text } = await this.exchange(body);
    const answer = parseObject(text);
    if (response.status === 200) {
      if (!answer) throw unreadable('not a JSON object', 200);
      return answer;
    }
    const error = typeof answer?.['error'] === 'string' ? answer['error'].slice(0, 100) : 'unreadable_answer';
    const description = answer?.['error_description'];
    throw new LwaError(meaningOf(response.status, error), error, {
      status: response.status,
      ...(typeof description === 'string' && { description: description.slice(0, 300) }),
      ...retryAfter(response.headers.get('retry-after'), this.clock.now()),
    });
  }

  private async exchange(body: URLSearchParams): Promise<{ response: Response; text: string }> {
    try {
      const response = await fetch(this.config.lwa.tokenUrl, {
        method: 'POST',
        body,
        headers: { accept: 'application/json', 'user-agent': 'Regrant (Language=TypeScript)' },
        redirect: 'error',
        signal: AbortSignal.timeout(this.config.lwa.timeoutSeconds * 1000),
      });
      return { response, text: await readBounded(response) };
    } catch (cause) {
      if (cause instanceof LwaError) throw cause;
      const timedOut = cause instanceof Error && cause.name === 'TimeoutError';
      throw new LwaError('transient', timedOut ? 'timeout' : 'unreachable', { cause });
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw unreadable('body too large', response.status);
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

function readAccessToken(answer: Record<string, unknown>): LwaAccessToken {
  const { access_token: accessToken, expires_in: expiresIn, token_type: tokenType } = answer;
  if (!isToken(accessToken)) throw unreadable('no access token');
  if (typeof expiresIn !== 'number' || !(expiresIn > 0)) throw unreadable('no lifetime');
  if (typeof tokenType !== 'string' || tokenType.toLowerCase() !== 'bearer')
    throw unreadable('not a bearer token');
  return { accessToken, expiresInSeconds: Math.floor(expiresIn) };
}

/** Printable and of a sane length: it will be put into headers by those who get it. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN_LENGTH && /^[\x21-\x7e]+$/.test(value);
}

function unreadable(what: string, status?: number): LwaError {
  return new LwaError('transient', 'unreadable_answer', { description: what, ...(status && { status }) });
}

/** Seconds, from either form of RFC 9110 section 10.2.3, bounded to an hour. */
function retryAfter(header: string | null, now: Date): { retryAfterSeconds?: number } {
  if (!header) return {};
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : Math.ceil((Date.parse(header) - now.getTime()) / 1000);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: Math.min(seconds, 3600) } : {};
}
