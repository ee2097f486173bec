import { Injectable } from '@nestjs/common';
import { type IncomingMessage } from 'node:http';
import { parse as parseForm } from 'node:querystring';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { credentialsOf } from '../api-keys/api-key.guard.js';
import { allowsApplication, ApiKeysService, hasScope } from '../api-keys/api-keys.service.js';
import { type Question } from '../common/short-way.js';
import { isUuid } from '../common/validation.js';
import { accessTokenAnswer, LIFE_TO_ASK_FOR } from './access-token.dto.js';
import { lwaTokenAnswer, SDK_MINIMUM_SECONDS } from './lwa-endpoint.dto.js';
import { type VendedToken } from './vended-token.js';
import { DEFAULT_MINIMUM_SECONDS, VendingService } from './vending.service.js';

/** `/api/v1/authorizations/:id/access-token`, as programs write it. */
const BY_ID = /^\/api\/v1\/authorizations\/([\da-fA-F-]{36})\/access-token$/;
const JSON_TYPE = /^application\/json(; ?charset=utf-8)?$/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded(; ?charset=utf-8)?$/i;

/**
 * The short way to a token: what programs ask all day is answered in front of Fastify and Nest, which cost far more than
 * all of our work on it.
 *
 * It may only say yes, and only at once: a known key, a plain request, a token in memory. It decides by the same
 * functions as the guard and the controllers, waits for nothing and refuses nobody. Whatever is left, every refusal
 * included, goes on to the controllers (`VendingController`, `LwaEndpointController`), as if this were not here.
 */
@Injectable()
export class WarmVending {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly vending: VendingService,
  ) {}

  /** What a request asks, for `addShortWay`. */
  questionOf(request: IncomingMessage): Question | undefined {
    const { method, url = '' } = request;
    if (method !== 'POST') return undefined;
    if (url === '/auth/o2/token') return this.asLwa(request);
    const [, id] = BY_ID.exec(url) ?? [];
    return id === undefined ? undefined : this.byId(request, id);
  }

  private byId(request: IncomingMessage, id: string): Question | undefined {
    const credentials = credentialsOf(request);
    if (!credentials) return undefined;
    return {
      route: '/api/v1/authorizations/:id/access-token',
      answer: (body) => {
        const minimumSeconds = plainMinimum(read(body, request.headers['content-type']));
        if (minimumSeconds === undefined) return undefined;
        const key = this.apiKeys.known(credentials.clientId, credentials.secret);
        const token = this.token(key, id, minimumSeconds);
        return token && accessTokenAnswer(token, this.vending.secondsLeft(token));
      },
    };
  }

  private asLwa(request: IncomingMessage): Question {
    return {
      route: '/auth/o2/token',
      answer: (text) => {
        const body = read(text, request.headers['content-type']);
        if (!isPlainRefresh(body)) return undefined;
        const key = this.apiKeys.known(body.client_id, body.client_secret);
        const token = this.token(key, body.refresh_token, SDK_MINIMUM_SECONDS);
        return token && lwaTokenAnswer(token, this.vending.secondsLeft(token), body.refresh_token);
      },
    };
  }

  private token(key: ApiKey | undefined, id: string, minimumSeconds: number): VendedToken | undefined {
    if (!key || !hasScope(key, 'tokens:vend') || !isUuid(id)) return undefined;
    const token = this.vending.fromMemory(id.toLowerCase(), minimumSeconds);
    return token && allowsApplication(key.applicationIds, token.applicationId) ? token : undefined;
  }
}

/** The body as the controllers would get it; undefined where there is none, null where it is not surely plain. */
function read(body: string, type: string | undefined): unknown {
  if (body === '' && type === undefined) return undefined;
  if (type === undefined) return null;
  if (JSON_TYPE.test(type)) return parseJson(body);
  return FORM_TYPE.test(type) ? parseForm(body) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The `minimumSeconds` of a body that asks for nothing else and is surely valid. */
function plainMinimum(body: unknown): number | undefined {
  if (body === undefined) return DEFAULT_MINIMUM_SECONDS;
  if (!isObject(body)) return undefined;
  const { minimumSeconds = DEFAULT_MINIMUM_SECONDS, forceRefresh = false, ...others } = body;
  const { least, most } = LIFE_TO_ASK_FOR;
  const plain = forceRefresh === false && Object.keys(others).length === 0;
  return plain && isWhole(minimumSeconds) && minimumSeconds >= least && minimumSeconds <= most
    ? minimumSeconds
    : undefined;
}

interface PlainRefresh {
  client_id: string;
  client_secret: string;
  refresh_token: string;
}

/** Exactly what an SDK sends to refresh; a scope, which is ignored there, takes the long way. */
function isPlainRefresh(body: unknown): body is PlainRefresh {
  if (!isObject(body) || Object.keys(body).length !== 4) return false;
  const { grant_type, client_id, client_secret, refresh_token } = body;
  return (
    grant_type === 'refresh_token' && isText(client_id) && isText(client_secret) && isText(refresh_token)
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isWhole = (value: unknown): value is number => Number.isInteger(value);
const isText = (value: unknown): value is string => typeof value === 'string';
