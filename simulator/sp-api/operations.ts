import type { Stage } from '../stage.js';
import { rotateSecret } from '../world/client-secrets.js';
import type { Application } from '../world/default-world.js';
import { describeMarketplaces } from '../world/marketplaces.js';
import { denied, type SpApiAnswer, spApiError } from './answers.js';
import type { Operation, PartnerCall } from './operation.js';
import { createRestrictedDataToken } from './restricted-data-token.js';

/** The operations that the simulator plays. */
export const OPERATIONS: Operation[] = [
  {
    name: 'marketplaceParticipations',
    method: 'GET',
    path: '/sellers/v1/marketplaceParticipations',
    plan: { perSecond: 0.016, burst: 15 },
    answer: getMarketplaceParticipations,
  },
  {
    name: 'vendorOrders',
    method: 'GET',
    path: '/vendor/directFulfillment/orders/v1/purchaseOrders',
    plan: { perSecond: 10, burst: 10 },
    answer: getVendorOrders,
  },
  {
    name: 'restrictedDataTokens',
    method: 'POST',
    path: '/tokens/2021-03-01/restrictedDataToken',
    plan: { perSecond: 1, burst: 10 },
    answer: createRestrictedDataToken,
  },
  {
    name: 'clientSecretRotations',
    method: 'POST',
    path: '/applications/2023-11-30/clientSecret',
    plan: { perSecond: 0.0167, burst: 1 },
    scope: 'sellingpartnerapi::client_credential:rotation',
    answerGrantless: rotateApplicationClientSecret,
  },
];

function getMarketplaceParticipations(_stage: Stage, { partner, region }: PartnerCall): SpApiAnswer {
  if (partner.partnerType === 'vendor') return denied();
  // Seen with the real SP-API in place of a refusal: success that lists nothing.
  if (partner.scenario === 'wrongRegion') return { status: 200, body: { payload: [] } };
  if (partner.region !== region) return denied();
  const payload = describeMarketplaces(partner.marketplaceIds).map((marketplace) => ({
    marketplace,
    storeName: partner.name,
    participation: { isParticipating: true, hasSuspendedListings: false },
  }));
  return { status: 200, body: { payload } };
}

/** By this operation, which sellers lack, an application can tell a vendor. */
function getVendorOrders(_stage: Stage, { partner, region }: PartnerCall): SpApiAnswer {
  const elsewhere = partner.region !== region || partner.scenario === 'wrongRegion';
  if (partner.partnerType === 'seller' || elsewhere) return denied();
  return { status: 200, body: { payload: { orders: [] } } };
}

/** The new secret does not come with the answer: Amazon sends it to a queue, the simulator shows it in its world. */
function rotateApplicationClientSecret({ world }: Stage, application: Application): SpApiAnswer {
  if (application.enrolledForRotation) {
    world.saveApplication(rotateSecret(application, {}, world.now()));
    return { status: 204 };
  }
  return spApiError(
    400,
    'InvalidInput',
    'Application is not enrolled for rotation notification. Please update application notification preference in Developer console.',
  );
}
