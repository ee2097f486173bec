import type { FastifyInstance } from 'fastify';
import { SMTP_MODES } from '../mail/mailbox.js';
import { USAGE_PLAN_MODES } from '../sp-api/usage-plans.js';
import type { Stage } from '../stage.js';
import { registerGrants } from './control-grants.js';
import { postClientSecret, putApplication, putPartner } from './control-world.js';
import { ControlError, oneOf, readFields, required } from './fields.js';

interface ById {
  Params: { id: string };
}

/** The JSON API by which tests script Amazon and look at what happened to it. */
export function registerControl(app: FastifyInstance, stage: Stage): void {
  app.register((scope, _options, done) => {
    scope.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
      const status = error.statusCode ?? 500;
      const kind = status === 404 ? 'not_found' : status < 500 ? 'invalid_request' : 'internal';
      return reply.code(status).send({ error: kind, message: error.message });
    });
    registerWorld(scope, stage);
    registerGrants(scope, stage);
    registerUsagePlans(scope, stage);
    registerCalls(scope, stage);
    registerMails(scope, stage);
    done();
  });
}

function registerWorld(app: FastifyInstance, { world, calls, mailbox, usagePlans }: Stage): void {
  app.get('/_simulator', () => ({
    applications: world.allApplications(),
    sellingPartners: world.allPartners(),
    authorizations: world.authorizations.all().map((authorization) => ({
      ...authorization,
      status: world.statusOf(authorization),
    })),
    usagePlans: { mode: usagePlans.mode },
    smtp: { mode: mailbox.mode, mails: mailbox.list().length },
  }));

  app.get<ById>('/_simulator/selling-partners/:id', ({ params: { id } }) =>
    found(world.findPartner(id), `There is no selling partner ${id}`),
  );
  app.put<ById>('/_simulator/selling-partners/:id', (request) =>
    putPartner(world, request.params.id, request.body),
  );

  app.get<ById>('/_simulator/applications/:id', ({ params: { id } }) =>
    found(world.findApplication(id), `There is no application ${id}`),
  );
  app.put<ById>('/_simulator/applications/:id', (request) =>
    putApplication(world, request.params.id, request.body),
  );
  app.post<ById>('/_simulator/applications/:id/client-secrets', ({ params: { id }, body }) =>
    postClientSecret(world, found(world.findApplication(id), `There is no application ${id}`), body),
  );

  app.post('/_simulator/reset', (_request, reply) => {
    world.reset();
    calls.reset();
    usagePlans.reset();
    mailbox.reset();
    return reply.code(204).send();
  });
}

function registerUsagePlans(app: FastifyInstance, { usagePlans }: Stage): void {
  app.get('/_simulator/usage-plans', () => ({ mode: usagePlans.mode }));
  app.put('/_simulator/usage-plans', (request) => {
    const { mode } = readFields(request.body, { mode: oneOf(USAGE_PLAN_MODES) });
    usagePlans.mode = required(mode, 'mode');
    return { mode: usagePlans.mode };
  });
}

function registerCalls(app: FastifyInstance, { calls }: Stage): void {
  app.get('/_simulator/calls', () => calls.counts);
  app.delete('/_simulator/calls', (_request, reply) => {
    calls.reset();
    return reply.code(204).send();
  });
}

function registerMails(app: FastifyInstance, { mailbox }: Stage): void {
  app.get<{ Querystring: { to?: string | string[] } }>('/_simulator/mails', ({ query: { to } }) => {
    if (Array.isArray(to)) throw new ControlError('to can be given once');
    return mailbox.list(to);
  });
  app.get<ById>('/_simulator/mails/:id', ({ params: { id } }) =>
    found(mailbox.find(id), `There is no mail ${id}`),
  );
  app.delete('/_simulator/mails', (_request, reply) => {
    mailbox.clear();
    return reply.code(204).send();
  });
  app.get('/_simulator/smtp', () => ({ mode: mailbox.mode }));
  app.put('/_simulator/smtp', (request) => {
    mailbox.mode = required(readFields(request.body, { mode: oneOf(SMTP_MODES) }).mode, 'mode');
    return { mode: mailbox.mode };
  });
}

function found<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new ControlError(message, 404);
  return value;
}
