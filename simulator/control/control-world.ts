import { randomBytes } from 'node:crypto';
import { newClientSecret, rotateSecret } from '../world/client-secrets.js';
import {
  type Application,
  type ClientSecret,
  APPLICATION_DEFAULTS,
  APPLICATION_SCENARIOS,
  APPLICATION_TYPES,
  PARTNER_SCENARIOS,
  PARTNER_TYPES,
  type SellingPartner,
  sellingPartner,
} from '../world/default-world.js';
import { REGIONS, regionOfMarketplace, usualMarketplaceIds } from '../world/marketplaces.js';
import { isSellingPartnerId, PARTNER_ID_RULE } from '../world/selling-partner-id.js';
import type { World } from '../world/world.js';
import {
  ControlError,
  listOf,
  milliseconds,
  oneOf,
  orNull,
  readFields,
  required,
  text,
  texts,
  time,
  webAddress,
  wholeNumber,
  yesOrNo,
} from './fields.js';

/** Changes what the body states of a selling partner, which is made if there is none. */
export function putPartner(world: World, id: string, body: unknown): SellingPartner {
  if (!isSellingPartnerId(id)) {
    throw new ControlError(`A selling partner id must ${PARTNER_ID_RULE}`);
  }
  const stated = readFields(body, {
    name: text,
    partnerType: oneOf(PARTNER_TYPES),
    region: oneOf(REGIONS),
    marketplaceIds: texts,
    comesBackAs: orNull(partnerId),
    scenario: oneOf(PARTNER_SCENARIOS),
    delayMs: milliseconds,
  });
  const known = world.findPartner(id) ?? sellingPartner(id, { region: stated.region });
  const partner = { ...known, ...stated };
  // Marketplaces belong to one region: whoever moves without naming new ones gets the usual ones there.
  if (partner.region !== known.region) {
    partner.marketplaceIds = stated.marketplaceIds ?? usualMarketplaceIds(partner.region);
  }
  const foreign = partner.marketplaceIds.find(
    (marketplace) => regionOfMarketplace(marketplace) !== partner.region,
  );
  if (foreign !== undefined) throw new ControlError(`${partner.region} has no marketplace ${foreign}`);
  world.savePartner(partner);
  return partner;
}

function partnerId(value: unknown, name: string): string {
  if (isSellingPartnerId(value)) return value;
  throw new ControlError(`${name} must ${PARTNER_ID_RULE}`);
}

/** Changes what the body states of an application, which is made if there is none. */
export function putApplication(world: World, applicationId: string, body: unknown): Application {
  const stated = readFields(body, {
    clientId: text,
    clientSecrets: listOf(clientSecret),
    name: text,
    type: oneOf(APPLICATION_TYPES),
    draft: yesOrNo,
    listed: yesOrNo,
    sellerLimit: wholeNumber,
    selfAuthorizationLimit: wholeNumber,
    loginUri: orNull(webAddress),
    enrolledForRotation: yesOrNo,
    redirectUris: orNull(texts),
    scenario: oneOf(APPLICATION_SCENARIOS),
    delayMs: milliseconds,
  });
  const application = {
    ...(world.findApplication(applicationId) ?? newApplication(applicationId)),
    ...stated,
  };
  const holder = world.findApplicationOfClient(application.clientId);
  if (holder && holder.applicationId !== applicationId) {
    throw new ControlError(`clientId belongs to the application ${holder.applicationId}`);
  }
  world.saveApplication(application);
  return application;
}

/** A secret with the time when it ends, or as a mere text one that never does. */
function clientSecret(value: unknown, name: string): ClientSecret {
  if (typeof value === 'string') return { clientSecret: text(value, name), expiresAt: null };
  const stated = readFields(value, { clientSecret: text, expiresAt: orNull(time) });
  return {
    clientSecret: required(stated.clientSecret, 'clientSecret'),
    expiresAt: stated.expiresAt ?? null,
  };
}

/** Gives an application a new secret, as a rotation at the console does. */
export function postClientSecret(world: World, application: Application, body: unknown): Application {
  const stated = readFields(body ?? {}, { clientSecret: text, overlapSeconds: wholeNumber });
  const rotated = rotateSecret(application, stated, world.now());
  world.saveApplication(rotated);
  return rotated;
}

function newApplication(applicationId: string): Application {
  return {
    ...APPLICATION_DEFAULTS,
    applicationId,
    clientId: `amzn1.application-oa2-client.${randomBytes(16).toString('hex')}`,
    clientSecrets: [{ clientSecret: newClientSecret(), expiresAt: null }],
    name: 'Another application (simulated)',
  };
}
