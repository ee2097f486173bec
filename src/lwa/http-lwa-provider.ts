import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { type AmazonAnswer, callAmazon, isToken, NoAnswer, retryAfterSeconds } from './amazon-http.js';
import { LwaError, meaningOf } from './lwa-error.js';
import { type LwaAccessToken, type LwaClient, type LwaGrant, LwaProvider } from './lwa-provider.js';

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
    const { status, headers, object } = await this.send(body);
    if (status === 200) {
      if (!object) throw unreadable('not a JSON object', 200);
      return object;
    }
    const error = typeof object?.['error'] === 'string' ? object['error'].slice(0, 100) : 'unreadable_answer';
    const description = object?.['error_description'];
    const seconds = retryAfterSeconds(headers, this.clock.now());
    throw new LwaError(meaningOf(status, error), error, {
      status,
      ...(typeof description === 'string' && { description: description.slice(0, 300) }),
      ...(seconds !== undefined && { retryAfterSeconds: seconds }),
    });
  }

  private async send(body: URLSearchParams): Promise<AmazonAnswer> {
    const { tokenUrl, timeoutSeconds } = this.config.lwa;
    try {
      return await callAmazon(tokenUrl, { method: 'POST', body }, timeoutSeconds);
    } catch (cause) {
      throw new LwaError('transient', cause instanceof NoAnswer ? cause.reason : 'unreachable', { cause });
    }
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

function unreadable(what: string, status?: number): LwaError {
  return new LwaError('transient', 'unreadable_answer', { description: what, ...(status && { status }) });
}
