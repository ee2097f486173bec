import type { FastifyInstance } from 'fastify';
import { issueRefreshToken } from '../lwa/grants.js';
import { selfAuthorize } from '../seller-central/self-authorization.js';
import type { Stage } from '../stage.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { isSellingPartnerId, PARTNER_ID_RULE } from '../world/selling-partner-id.js';
import { ControlError, readFields, required, text } from './fields.js';

/** Ways to an authorization that skip the pages. Codes and grants skip the caps too. */
export function registerGrants(app: FastifyInstance, stage: Stage): void {
  const { world } = stage;

  app.post('/_simulator/codes', (request) => {
    const { application, partner } = readPair(stage, request.body);
    return { code: world.issueCode(application.applicationId, partner.sellingPartnerId, null) };
  });

  app.post('/_simulator/grants', (request) => {
    const { application, partner } = readPair(stage, request.body);
    const refreshToken = issueRefreshToken(stage, application, partner, 'oauth');
    const { applicationId } = application;
    const { sellingPartnerId } = partner;
    world.rememberGrant({ applicationId, sellingPartnerId, kind: 'oauth' }, world.now().getTime());
    return { refreshToken };
  });

  app.post('/_simulator/self-authorizations', (request) => {
    const { application, partner } = readPair(stage, request.body);
    const outcome = selfAuthorize(stage, application, partner);
    if ('code' in outcome) throw new ControlError(`${outcome.code}: ${outcome.message}`);
    return outcome;
  });
}

function readPair({ world }: Stage, body: unknown): { application: Application; partner: SellingPartner } {
  const fields = readFields(body, { applicationId: text, sellingPartnerId: text });
  const applicationId = required(fields.applicationId, 'applicationId');
  const sellingPartnerId = required(fields.sellingPartnerId, 'sellingPartnerId');
  const application = world.findApplication(applicationId);
  if (!application) throw new ControlError(`There is no application ${applicationId}`);
  if (!isSellingPartnerId(sellingPartnerId)) {
    throw new ControlError(`sellingPartnerId must ${PARTNER_ID_RULE}`);
  }
  return { application, partner: world.partner(sellingPartnerId) };
}
