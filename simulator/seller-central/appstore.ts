import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendPage } from '../html.js';
import type { Stage } from '../stage.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import type { World } from '../world/world.js';
import { readDecision, UNCLEAR } from './account-choice.js';
import { type Accounts, appstoreConsentPage, appstorePage, logInPage } from './appstore-pages.js';
import { findOpenApplication, refusalOf, REFUSALS } from './consent-refusals.js';
import { readConsentRequest } from './consent-request.js';
import { cancel, refuse, returnWithCode, TITLE } from './consent.js';
import { readTexts } from './query.js';

const APPSTORE = 'Selling Partner Appstore (simulated)';

/** The Appstore workflow: consent here, log in at the application, come back to be confirmed. */
export function registerAppstore(app: FastifyInstance, stage: Stage): void {
  const { world, calls } = stage;

  app.get('/appstore', (_request, reply) =>
    sendPage(reply, APPSTORE, appstorePage(world.allApplications().filter(({ type }) => type === 'public'))),
  );

  app.get('/appstore/consent', ({ query }, reply) => {
    const asked = readTexts(query, ['application_id', 'selling_partner_id']);
    if (!asked) return refuse(reply, REFUSALS.malformed);
    const application = findOpenApplication(world, asked.application_id);
    if ('code' in application) return refuse(reply, application);
    calls.counts.consent.shown += 1;
    const choice = accountsFor(world, asked.selling_partner_id);
    return sendPage(reply, TITLE, appstoreConsentPage(application, choice));
  });

  app.post('/appstore/consent', (request, reply) => {
    const asked = readTexts(request.body, ['application_id']);
    if (!asked) return refuse(reply, REFUSALS.malformed);
    const application = findOpenApplication(world, asked.application_id);
    if ('code' in application) return refuse(reply, application);
    return decide(request, reply, stage, application);
  });

  app.get<{ Params: { applicationId: string } }>('/apps/authorize/confirm/:applicationId', (request, reply) =>
    confirm(request.params.applicationId, request.query, reply, stage),
  );
}

/** The account that re-authorizes, or all sellers: the Appstore does not know vendors. */
function accountsFor(world: World, sellingPartnerId: string): Accounts {
  const known = world.findPartner(sellingPartnerId);
  if (known) return { partners: [known], others: false };
  const sellers = world.allPartners().filter(({ partnerType }) => partnerType === 'seller');
  return { partners: sellers, others: true };
}

function decide(
  request: FastifyRequest,
  reply: FastifyReply,
  stage: Stage,
  application: Application,
): FastifyReply {
  const { world, calls } = stage;
  const decision = readDecision(world, request.body);
  switch (decision.action) {
    case 'cancel':
      return cancel(reply, stage, application, application.loginUri ?? '');
    case 'unclear':
      return sendPage(reply, TITLE, appstoreConsentPage(application, accountsFor(world, ''), UNCLEAR), 400);
    case 'confirm': {
      const refusal = refusalOf(world, application, decision.partner);
      if (refusal) return refuse(reply, refusal);
      calls.counts.consent.confirmed += 1;
      const logIn = logInAddress(request, world, application, decision.partner);
      return sendPage(reply, TITLE, logInPage(application, logIn));
    }
  }
}

/** The application's log-in page, with all that it must carry through the log-in. */
function logInAddress(
  { protocol, host }: FastifyRequest,
  { appstoreStates, now }: World,
  { applicationId, loginUri, scenario, draft }: Application,
  { sellingPartnerId }: SellingPartner,
): string {
  const origin = scenario === 'relativeCallback' ? '' : `${protocol}://${host}`;
  const amazonState = appstoreStates.issue(applicationId, sellingPartnerId, now().getTime());
  const target = new URL(loginUri ?? '');
  target.searchParams.append('amazon_callback_uri', `${origin}/apps/authorize/confirm/${applicationId}`);
  target.searchParams.append('amazon_state', amazonState);
  target.searchParams.append('selling_partner_id', sellingPartnerId);
  if (draft) target.searchParams.append('version', 'beta');
  return target.href;
}

/** The browser comes back from the log-in page: with Amazon's state, and with the application's own. */
function confirm(applicationId: string, query: unknown, reply: FastifyReply, { world }: Stage): FastifyReply {
  const asked = readTexts(query, ['amazon_state']);
  if (!asked) return refuse(reply, REFUSALS.malformed);
  const consent = readConsentRequest(world, { ...(query as object), application_id: applicationId });
  if ('code' in consent) return refuse(reply, consent);
  const now = world.now().getTime();
  const pending = world.appstoreStates.find(asked.amazon_state, applicationId, now);
  if (!pending) return refuse(reply, REFUSALS.staleAppstoreState);
  const partner = world.partner(pending.sellingPartnerId);
  const refusal = refusalOf(world, consent.application, partner);
  if (refusal) return refuse(reply, refusal);
  world.appstoreStates.take(pending);
  return returnWithCode(reply, world, { ...consent, partner });
}
