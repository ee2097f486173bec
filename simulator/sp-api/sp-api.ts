import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Stage } from '../stage.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import type { Region } from '../world/marketplaces.js';
import { misbehave } from '../world/misbehaviour.js';
import { denied, failureAnswers, quotaExceeded, type SpApiAnswer, spApiError } from './answers.js';
import { type Caller, identify } from './caller.js';
import type { Operation } from './operation.js';
import { OPERATIONS } from './operations.js';

const ENDPOINTS: [prefix: string, region: Region][] = [
  ['', 'NA'],
  ['/na', 'NA'],
  ['/eu', 'EU'],
  ['/fe', 'FE'],
];

/** The SP-API, once per regional endpoint. */
export function registerSpApi(app: FastifyInstance, stage: Stage): void {
  // A scope of its own: what cannot be parsed here is answered in the words of the SP-API.
  app.register((scope, _options, done) => {
    scope.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) =>
      send(reply, unreadable(error.statusCode ?? 500)),
    );
    for (const [prefix, region] of ENDPOINTS) {
      for (const operation of OPERATIONS) {
        scope.route({
          method: operation.method,
          url: prefix + operation.path,
          handler: async (request, reply) => {
            const answer = await call(stage, operation, region, request);
            // Whoever is refused is not told of the usage plan.
            if (answer.status !== 403) reply.header('x-amzn-RateLimit-Limit', operation.plan.perSecond);
            return send(reply, answer);
          },
        });
      }
    }
    done();
  });
}

async function call(
  stage: Stage,
  operation: Operation,
  region: Region,
  { headers, body }: FastifyRequest,
): Promise<SpApiAnswer> {
  const { counts } = stage.calls;
  counts.spApi.total += 1;
  counts.spApi[operation.name] += 1;

  const caller = identify(stage, headers['x-amz-access-token']);
  if ('status' in caller) return caller;
  const bound = bind(stage, operation, caller, region, body);
  // Amazon gives no details for a grantless token where a partner's token belongs, or the other way round.
  if (!bound) return denied();
  if (!stage.usagePlans.take(bucketOf(operation, region, caller), operation.plan)) return quotaExceeded;
  const failure = await misbehave(bound.subject, stage.closing);
  return failure ? failureAnswers[failure] : bound.answer();
}

/** A call that its caller may make, and who can be scripted to spoil it. */
interface BoundCall {
  subject: Application | SellingPartner;
  answer(): SpApiAnswer;
}

function bind(
  stage: Stage,
  operation: Operation,
  caller: Caller,
  region: Region,
  body: unknown,
): BoundCall | null {
  if ('scope' in operation) {
    if (!('scopes' in caller) || !caller.scopes.includes(operation.scope)) return null;
    const { application } = caller;
    return { subject: application, answer: () => operation.answerGrantless(stage, application) };
  }
  if (!('partner' in caller)) return null;
  const { application, partner } = caller;
  return {
    subject: partner,
    answer: () => operation.answer(stage, { application, partner, region, body }),
  };
}

function bucketOf({ name }: Operation, region: Region, caller: Caller): string {
  const { applicationId } = caller.application;
  return [name, region, applicationId, 'partner' in caller ? caller.partner.sellingPartnerId : ''].join(' ');
}

function unreadable(status: number): SpApiAnswer {
  if (status === 415)
    return spApiError(415, 'UnsupportedMediaType', 'The request payload is in an unsupported format.');
  if (status === 413)
    return spApiError(413, 'RequestTooLarge', 'The request size exceeded the maximum accepted size.');
  return status < 500
    ? spApiError(400, 'InvalidRequest', 'Request is missing or has invalid parameters')
    : failureAnswers.error500;
}

function send(reply: FastifyReply, { status, body, headers }: SpApiAnswer): FastifyReply {
  reply
    .code(status)
    .header('x-amzn-RequestId', randomUUID())
    .headers(headers ?? {});
  if (typeof body === 'string') reply.type('text/html; charset=utf-8');
  return reply.send(body);
}
