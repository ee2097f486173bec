import type { FastifyInstance } from 'fastify';
import { issueRefreshToken } from '../lwa/grants.js';
import { selfAuthorize } from '../seller-central/self-authorization.js';
import type { Stage } from '../stage.js';
import { AUTHORIZATION_KINDS } from '../world/authorizations.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { isSellingPartnerId, PARTNER_ID_RULE } from '../world/selling-partner-id.js';
import { ControlError, oneOf, readFields, required, text } from './fields.js';

/** Ways to an authorization that skip the pages. Codes and grants skip the caps too. */
export function registerGrants(app: FastifyInstance, stage: Stage): void {
  const { world } = stage;

  app.post('/_simulator/codes', (request) => {
    const { application, partner } = findPair(stage, readFields(request.body, PAIR));
    return { code: world.issueCode(application.applicationId, partner.sellingPartnerId, null) };
  });

  app.post('/_simulator/grants', (request) => {
    const { kind = 'oauth', ...pair } = readFields(request.body, {
      ...PAIR,
      kind: oneOf(AUTHORIZATION_KINDS),
    });
    const { application, partner } = findPair(stage, pair);
    const ref = {
      applicationId: application.applicationId,
      sellingPartnerId: partner.sellingPartnerId,
      kind,
    };
    world.rememberGrant(ref, world.now().getTime());
    return { refreshToken: issueRefreshToken(stage, application, partner, kind) };
  });

  app.post('/_simulator/self-authorizations', (request) => {
    const { application, partner } = findPair(stage, readFields(request.body, PAIR));
    const outcome = selfAuthorize(stage, application, partner);
    if ('code' in outcome) throw new ControlError(`${outcome.code}: ${outcome.message}`);
    return outcome;
  });
}

const PAIR = { applicationId: text, sellingPartnerId: text };

function findPair(
  { world }: Stage,
  fields: { applicationId?: string | undefined; sellingPartnerId?: string | undefined },
): { application: Application; partner: SellingPartner } {
  const applicationId = required(fields.applicationId, 'applicationId');
  const sellingPartnerId = required(fields.sellingPartnerId, 'sellingPartnerId');
  const application = world.findApplication(applicationId);
  if (!application) throw new ControlError(`There is no application ${applicationId}`);
  if (!isSellingPartnerId(sellingPartnerId)) {
    throw new ControlError(`sellingPartnerId must ${PARTNER_ID_RULE}`);
  }
  return { application, partner: world.partner(sellingPartnerId) };
}
