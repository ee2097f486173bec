import type { FastifyInstance, FastifyReply } from 'fastify';
import { cancelledPage, consentPage, refusalPage } from './consent-pages.js';
import { type ConsentRefusal, type ConsentRequest, readConsentRequest } from './consent-request.js';
import { sendPage } from './html.js';
import { REGIONS } from './marketplaces.js';
import { isSellingPartnerId } from './selling-partner-id.js';
import type { Stage } from './stage.js';

const PATH = '/apps/authorize/consent';
const TITLE = 'Seller Central (simulated)';

/** What the form of the consent page sends besides the parameters of the request. */
interface Decision {
  action?: unknown;
  selling_partner_id?: unknown;
  other_selling_partner_id?: unknown;
  other_region?: unknown;
}

/** The consent page of the website authorization workflow. */
export function registerConsent(app: FastifyInstance, stage: Stage): void {
  const { world, calls } = stage;

  app.get(PATH, (request, reply) => {
    const consent = readConsentRequest(world, request.query);
    if ('code' in consent) return refuse(reply, consent);
    calls.counts.consent.shown += 1;
    return sendPage(reply, TITLE, consentPage(consent, world.allPartners()));
  });

  app.post(PATH, (request, reply) => {
    const consent = readConsentRequest(world, request.body);
    if ('code' in consent) return refuse(reply, consent);
    return decide(reply, stage, consent, request.body as Decision);
  });
}

function decide(
  reply: FastifyReply,
  stage: Stage,
  consent: ConsentRequest,
  decision: Decision,
): FastifyReply {
  const { world, calls } = stage;
  if (decision.action === 'cancel') return cancel(reply, stage, consent);
  const id = chosenId(decision);
  if (decision.action !== 'confirm' || !isSellingPartnerId(id)) {
    const message = 'Choose an account, or type a selling partner id of letters and digits.';
    return sendPage(reply, TITLE, consentPage(consent, world.allPartners(), message), 400);
  }
  const region = REGIONS.find((known) => known === decision.other_region);
  const partner = world.partner(id, { region });
  if (partner.scenario === 'cancel') return cancel(reply, stage, consent);

  calls.counts.consent.confirmed += 1;
  const target = new URL(consent.redirectUri);
  target.searchParams.append('state', consent.state);
  target.searchParams.append('selling_partner_id', id);
  const stated = consent.statedRedirectUri || consent.application.redirectUris?.[0] || null;
  target.searchParams.append(
    'spapi_oauth_code',
    world.issueCode(consent.application.applicationId, id, stated),
  );
  return reply.header('referrer-policy', 'no-referrer').redirect(target.href, 302);
}

/** The typed id if there is one, else the picked one. */
function chosenId({ other_selling_partner_id: typed, selling_partner_id: picked }: Decision): unknown {
  const text = typeof typed === 'string' ? typed.trim() : '';
  return text === '' ? picked : text;
}

function cancel(reply: FastifyReply, { calls }: Stage, consent: ConsentRequest): FastifyReply {
  calls.counts.consent.cancelled += 1;
  return sendPage(reply, 'Authorization cancelled', cancelledPage(consent));
}

function refuse(reply: FastifyReply, refusal: ConsentRefusal): FastifyReply {
  return sendPage(reply, TITLE, refusalPage(refusal), 400);
}
