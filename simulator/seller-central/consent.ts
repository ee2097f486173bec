import type { FastifyInstance, FastifyReply } from 'fastify';
import { sendPage } from '../html.js';
import type { Stage } from '../stage.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import type { World } from '../world/world.js';
import { readDecision, UNCLEAR } from './account-choice.js';
import { cancelledPage, consentPage, refusalPage } from './consent-pages.js';
import { type ConsentRefusal, refusalOf } from './consent-refusals.js';
import { type ConsentRequest, readConsentRequest } from './consent-request.js';

const PATH = '/apps/authorize/consent';
/** Whose pages these are. */
export const TITLE = 'Seller Central (simulated)';

interface WithApplication {
  Params: { applicationId?: string };
}

/** The consent page of the website authorization workflow. */
export function registerConsent(app: FastifyInstance, stage: Stage): void {
  const { world, calls } = stage;

  // Amazon's onboarding guide has the id in the path, all other sources in the query.
  for (const path of [PATH, `${PATH}/:applicationId`]) {
    app.get<WithApplication>(path, ({ params: { applicationId }, query }, reply) => {
      const parameters = { ...(query as object), ...(applicationId && { application_id: applicationId }) };
      const consent = readConsentRequest(world, parameters);
      if ('code' in consent) return refuse(reply, consent);
      calls.counts.consent.shown += 1;
      return sendPage(reply, TITLE, consentPage(consent, world.allPartners()));
    });
  }

  app.post(PATH, (request, reply) => {
    const consent = readConsentRequest(world, request.body);
    if ('code' in consent) return refuse(reply, consent);
    return decide(reply, stage, consent, request.body);
  });
}

function decide(reply: FastifyReply, stage: Stage, consent: ConsentRequest, body: unknown): FastifyReply {
  const { world, calls } = stage;
  const { application, redirectUri, state } = consent;
  const decision = readDecision(world, body);
  switch (decision.action) {
    case 'cancel':
      return cancel(reply, stage, application, redirectUri);
    case 'unclear':
      return sendPage(reply, TITLE, consentPage(consent, world.allPartners(), UNCLEAR), 400);
    case 'confirm': {
      const refusal = refusalOf(world, application, decision.partner);
      if (refusal) return refuse(reply, refusal);
      calls.counts.consent.confirmed += 1;
      return returnWithCode(reply, world, { application, partner: decision.partner, redirectUri, state });
    }
  }
}

/** A consent that was given. */
export interface GivenConsent {
  application: Application;
  partner: SellingPartner;
  redirectUri: string;
  /** The application's own state; null where Amazon has none. */
  state: string | null;
}

/** Sends the browser to the application with a code that it can exchange. */
export function returnWithCode(
  reply: FastifyReply,
  world: World,
  { application, partner, redirectUri, state }: GivenConsent,
): FastifyReply {
  const sellingPartnerId = partner.comesBackAs ?? partner.sellingPartnerId;
  const target = new URL(redirectUri);
  if (state !== null) target.searchParams.append('state', state);
  target.searchParams.append('selling_partner_id', sellingPartnerId);
  target.searchParams.append(
    'spapi_oauth_code',
    world.issueCode(application.applicationId, sellingPartnerId, redirectUri),
  );
  return reply.header('referrer-policy', 'no-referrer').redirect(target.href, 302);
}

/** Tells a person who decided against it that nothing has happened. */
export function cancel(
  reply: FastifyReply,
  { calls }: Stage,
  application: Application,
  wayBack: string,
): FastifyReply {
  calls.counts.consent.cancelled += 1;
  return sendPage(reply, 'Authorization cancelled', cancelledPage(application, wayBack));
}

/** Shows Amazon's error page. */
export function refuse(reply: FastifyReply, refusal: ConsentRefusal): FastifyReply {
  return sendPage(reply, TITLE, refusalPage(refusal), 400);
}
