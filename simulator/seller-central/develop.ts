import type { FastifyInstance } from 'fastify';
import { sendPage } from '../html.js';
import type { Stage } from '../stage.js';
import { readDecision, UNCLEAR } from './account-choice.js';
import { readAuthorization } from './authorization-form.js';
import { REFUSALS } from './consent-refusals.js';
import { refuse } from './consent.js';
import { authorizedPage, developPage, type SelfAuthorized } from './develop-pages.js';
import { readTexts } from './query.js';
import { selfAuthorize } from './self-authorization.js';

const PATH = '/apps/develop';
const TITLE = 'Develop Apps';

/** The developer's console, as far as an application's own developer authorizes accounts there. */
export function registerDevelop(app: FastifyInstance, stage: Stage): void {
  const { world } = stage;
  const page = (problem?: string) =>
    developPage(world.allApplications(), world.allPartners(), selfAuthorized(stage), problem);

  app.get(PATH, (_request, reply) => sendPage(reply, TITLE, page()));

  app.post(PATH, ({ body }, reply) => {
    const application = world.findApplication(readTexts(body, ['application_id'])?.application_id ?? '');
    if (!application) return refuse(reply, REFUSALS.unknownApplication);
    const decision = readDecision(world, body);
    if (decision.action !== 'confirm') return sendPage(reply, TITLE, page(UNCLEAR), 400);
    const outcome = selfAuthorize(stage, application, decision.partner);
    if ('code' in outcome) return refuse(reply, outcome);
    return sendPage(
      reply,
      'Account authorized',
      authorizedPage(application, decision.partner, outcome.refreshToken),
    );
  });

  app.post(`${PATH}/revoke`, ({ body }, reply) => {
    const authorization = readAuthorization(world, body, 'self');
    if (!authorization) return refuse(reply, REFUSALS.unknownApplication);
    world.authorizations.disable(authorization);
    return reply.redirect(PATH, 303);
  });
}

function selfAuthorized({ world }: Stage): SelfAuthorized[] {
  return world.authorizations.all().flatMap((authorization) => {
    const application = world.findApplication(authorization.applicationId);
    const live = authorization.kind === 'self' && world.statusOf(authorization) === 'active';
    return application && live
      ? [{ application, partner: world.partner(authorization.sellingPartnerId) }]
      : [];
  });
}
