import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Stage } from '../stage.js';
import { validSecrets } from '../world/client-secrets.js';
import type { Application } from '../world/default-world.js';
import { misbehave } from '../world/misbehaviour.js';
import { failureAnswers, type LwaAnswer, lwaErrors, missingParameter } from './errors.js';
import { answerGrant, type LwaParameters } from './grants.js';

const GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const;

/** The token endpoint of Login with Amazon. */
export function registerLwa(app: FastifyInstance, stage: Stage): void {
  // A scope of its own: what cannot be parsed here is answered in the words of OAuth.
  app.register((scope, _options, done) => {
    scope.setErrorHandler((_error, _request, reply) => send(reply, stage, lwaErrors.malformedRequest));
    for (const path of ['/auth/o2/token', '/auth/O2/token']) {
      scope.post(path, async (request, reply) => {
        const parameters = readParameters(request.body);
        stage.calls.lwaCalled(parameters?.['grant_type'] ?? '');
        const answer = parameters ? await answerRequest(stage, parameters) : lwaErrors.malformedRequest;
        return send(reply, stage, answer);
      });
    }
    done();
  });
}

/** The parameters of a form or a JSON object; null when one is repeated or is no string. */
function readParameters(body: unknown): LwaParameters | null {
  if (typeof body !== 'object' || body === null) return null;
  const entries = Object.entries(body);
  return entries.every(([, value]) => typeof value === 'string')
    ? Object.fromEntries(entries as [string, string][])
    : null;
}

async function answerRequest(stage: Stage, parameters: LwaParameters): Promise<LwaAnswer> {
  for (const name of ['grant_type', 'client_id', 'client_secret']) {
    if (!parameters[name]) return missingParameter(name);
  }
  const grantType = GRANT_TYPES.find((known) => known === parameters['grant_type']);
  if (!grantType) return lwaErrors.unsupportedGrantType;
  const application = authenticate(stage, parameters);
  if (!application) return lwaErrors.invalidClient;
  const failure = await misbehave(application, stage.closing);
  return failure ? failureAnswers[failure] : answerGrant(stage, application, grantType, parameters);
}

function authenticate({ world }: Stage, parameters: LwaParameters): Application | undefined {
  const application = world.findApplicationOfClient(parameters['client_id'] ?? '');
  if (!application) return undefined;
  const secrets = validSecrets(application, world.now());
  return secrets.includes(parameters['client_secret'] ?? '') ? application : undefined;
}

function send(reply: FastifyReply, { calls }: Stage, { status, body, headers }: LwaAnswer): FastifyReply {
  if (typeof body === 'object' && 'error' in body) calls.lwaAnsweredError(body.error);
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .header('pragma', 'no-cache')
    .type(typeof body === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8')
    .headers(headers ?? {})
    .send(body);
}
