import { issueRefreshToken } from '../lwa/grants.js';
import type { Stage } from '../stage.js';
import type { AuthorizationRef } from '../world/authorizations.js';
import type { Application, SellingPartner } from '../world/default-world.js';
import { type ConsentRefusal, refusalOf } from './consent-refusals.js';

/** Authorizes an account at the console. Each time there is a new refresh token, and the earlier ones stay valid. */
export function selfAuthorize(
  stage: Stage,
  application: Application,
  partner: SellingPartner,
): { refreshToken: string } | ConsentRefusal {
  const refusal = refusalOf(stage.world, application, partner, 'self');
  if (refusal) return refusal;
  const { applicationId } = application;
  const ref: AuthorizationRef = { applicationId, sellingPartnerId: partner.sellingPartnerId, kind: 'self' };
  stage.world.authorize(ref, null);
  return { refreshToken: issueRefreshToken(stage, application, partner, 'self') };
}
