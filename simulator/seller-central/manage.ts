import type { FastifyInstance, FastifyReply } from 'fastify';
import { sendPage } from '../html.js';
import type { Stage } from '../stage.js';
import type { Authorization } from '../world/authorizations.js';
import { isSellingPartnerId } from '../world/selling-partner-id.js';
import type { World } from '../world/world.js';
import { readAuthorization } from './authorization-form.js';
import { findOpenApplication, refusalOf, REFUSALS } from './consent-refusals.js';
import { refuse, returnWithCode } from './consent.js';
import { type ManagedApp, managePage } from './manage-pages.js';
import { readTexts } from './query.js';

const PATH = '/apps/manage';

/** Manage Your Apps: what a selling partner has authorized, to renew it or to take it back. */
export function registerManage(app: FastifyInstance, { world }: Stage): void {
  app.get(PATH, ({ query }, reply) => {
    const id = readTexts(query, ['selling_partner_id'])?.selling_partner_id;
    const partner = isSellingPartnerId(id) ? world.partner(id) : undefined;
    const apps = partner ? appsOf(world, partner.sellingPartnerId) : [];
    return sendPage(reply, 'Manage Your Apps', managePage(world.allPartners(), partner, apps));
  });

  app.post(`${PATH}/disable`, ({ body }, reply) => {
    const authorization = readAuthorization(world, body, 'oauth');
    if (!authorization) return refuse(reply, REFUSALS.unknownApplication);
    world.authorizations.disable(authorization);
    const query = new URLSearchParams({ selling_partner_id: authorization.sellingPartnerId }).toString();
    return reply.redirect(`${PATH}?${query}`, 303);
  });

  app.post(`${PATH}/enable`, ({ body }, reply) => {
    const authorization = readAuthorization(world, body, 'oauth');
    return authorization ? enable(reply, world, authorization) : refuse(reply, REFUSALS.unknownApplication);
  });
}

function appsOf(world: World, sellingPartnerId: string): ManagedApp[] {
  return world.authorizations.all().flatMap((authorization) => {
    const application = world.findApplication(authorization.applicationId);
    const here = authorization.sellingPartnerId === sellingPartnerId && authorization.kind === 'oauth';
    if (!application || !here) return [];
    return [{ application, authorizedAt: authorization.authorizedAt, status: world.statusOf(authorization) }];
  });
}

/** Straight to the redirect URI, past the log-in page: to the application it looks like a seller out of nowhere. */
function enable(reply: FastifyReply, world: World, authorization: Authorization): FastifyReply {
  const application = findOpenApplication(world, authorization.applicationId);
  if ('code' in application) return refuse(reply, application);
  const partner = world.partner(authorization.sellingPartnerId);
  const refusal = refusalOf(world, application, partner);
  if (refusal) return refuse(reply, refusal);
  const redirectUri = application.redirectUris?.[0] ?? authorization.redirectUri;
  if (!redirectUri) return refuse(reply, REFUSALS.noRedirectUri);
  return returnWithCode(reply, world, { application, partner, redirectUri, state: null });
}
