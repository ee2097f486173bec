import type { FastifyInstance } from 'fastify';
import { putApplication, putPartner } from './control-world.js';
import { ControlError, oneOf, readFields, required, text } from './fields.js';
import { issueRefreshToken } from './lwa-grants.js';
import { SMTP_MODES } from './mailbox.js';
import { isSellingPartnerId, PARTNER_ID_RULE } from './selling-partner-id.js';
import type { Stage } from './stage.js';

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
    registerCalls(scope, stage);
    registerMails(scope, stage);
    done();
  });
}

function registerWorld(app: FastifyInstance, { world, calls, mailbox }: Stage): void {
  app.get('/_simulator', () => ({
    applications: world.allApplications(),
    sellingPartners: world.allPartners(),
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

  app.post('/_simulator/reset', (_request, reply) => {
    world.reset();
    calls.reset();
    mailbox.reset();
    return reply.code(204).send();
  });
}

/** Ways to an authorization that skip the pages. */
function registerGrants(app: FastifyInstance, stage: Stage): void {
  const readPair = (body: unknown) => {
    const fields = readFields(body, { applicationId: text, sellingPartnerId: text });
    const applicationId = required(fields.applicationId, 'applicationId');
    const sellingPartnerId = required(fields.sellingPartnerId, 'sellingPartnerId');
    const application = stage.world.findApplication(applicationId);
    if (!application) throw new ControlError(`There is no application ${applicationId}`);
    if (!isSellingPartnerId(sellingPartnerId)) {
      throw new ControlError(`sellingPartnerId must ${PARTNER_ID_RULE}`);
    }
    return { application, partner: stage.world.partner(sellingPartnerId) };
  };

  app.post('/_simulator/codes', (request) => {
    const { application, partner } = readPair(request.body);
    return { code: stage.world.issueCode(application.applicationId, partner.sellingPartnerId, null) };
  });

  app.post('/_simulator/grants', (request) => {
    const { application, partner } = readPair(request.body);
    const refreshToken = issueRefreshToken(stage, application, partner, 'oauth');
    const { applicationId } = application;
    const { sellingPartnerId } = partner;
    stage.world.rememberGrant(
      { applicationId, sellingPartnerId, kind: 'oauth' },
      stage.world.now().getTime(),
    );
    return { refreshToken };
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
