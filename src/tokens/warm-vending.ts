import { Injectable } from '@nestjs/common';
import { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type OutgoingHttpHeaders } from 'node:http';
import { type ApiKey } from '../api-keys/api-key.entity.js';
import { credentialsOf } from '../api-keys/api-key.guard.js';
import { allowsApplication, ApiKeysService, hasScope } from '../api-keys/api-keys.service.js';
import { isUuid } from '../common/validation.js';
import { type AccessTokenAnswer, accessTokenAnswer, LIFE_TO_ASK_FOR } from './access-token.dto.js';
import { type LwaTokenAnswer, lwaTokenAnswer, SDK_MINIMUM_SECONDS } from './lwa-endpoint.dto.js';
import { type VendedToken } from './vended-token.js';
import { DEFAULT_MINIMUM_SECONDS, VendingService } from './vending.service.js';

type Answer = AccessTokenAnswer | LwaTokenAnswer;

/**
 * The short way to a token: requests that programs make all day are answered before Nest's pipeline, which costs more
 * than all of our work on them.
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

  /** Must be called before the routes are made. */
  attachTo(fastify: FastifyInstance): void {
    const shortWays: Record<string, (request: FastifyRequest) => Answer | undefined> = {
      '/api/v1/authorizations/:id/access-token': (request) => this.byId(request),
      '/auth/o2/token': (request) => this.asLwa(request),
    };
    fastify.addHook('onRoute', (route) => {
      const answerTo = shortWays[route.url];
      if (!answerTo || route.method !== 'POST') return;
      route.preHandler = (request, reply, done) => {
        const answer = answerTo(request);
        if (answer) sendAtOnce(reply, answer);
        else done();
      };
    });
  }

  private byId(request: FastifyRequest): AccessTokenAnswer | undefined {
    const credentials = credentialsOf(request);
    const minimumSeconds = plainMinimum(request.body);
    if (!credentials || minimumSeconds === undefined) return undefined;
    const { id } = request.params as { id: string };
    const key = this.apiKeys.known(credentials.clientId, credentials.secret);
    const token = this.token(key, id, minimumSeconds);
    return token && accessTokenAnswer(token, this.vending.secondsLeft(token));
  }

  private asLwa({ body }: FastifyRequest): LwaTokenAnswer | undefined {
    if (!isPlainRefresh(body)) return undefined;
    const key = this.apiKeys.known(body.client_id, body.client_secret);
    const token = this.token(key, body.refresh_token, SDK_MINIMUM_SECONDS);
    return token && lwaTokenAnswer(token, this.vending.secondsLeft(token), body.refresh_token);
  }

  private token(key: ApiKey | undefined, id: string, minimumSeconds: number): VendedToken | undefined {
    if (!key || !hasScope(key, 'tokens:vend') || !isUuid(id)) return undefined;
    const token = this.vending.fromMemory(id.toLowerCase(), minimumSeconds);
    return token && allowsApplication(key.applicationIds, token.applicationId) ? token : undefined;
  }
}

/**
 * As `reply.send`, with the headers that were set until now, and without the hooks and checks between it and the socket:
 * they cost a tenth of such a request. The request is logged as all are.
 */
function sendAtOnce(reply: FastifyReply, answer: Answer): void {
  const json = JSON.stringify(answer);
  const headers = reply.getHeaders() as OutgoingHttpHeaders;
  headers['content-type'] = 'application/json; charset=utf-8';
  headers['content-length'] = Buffer.byteLength(json);
  reply.hijack();
  reply.raw.writeHead(200, headers).end(json);
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
