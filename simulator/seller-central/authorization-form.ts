import type { Authorization, AuthorizationKind } from '../world/authorizations.js';
import type { World } from '../world/world.js';
import { readTexts } from './query.js';

/** The authorization that a button stands next to. */
export function readAuthorization(
  { authorizations }: World,
  body: unknown,
  kind: AuthorizationKind,
): Authorization | undefined {
  const read = readTexts(body, ['application_id', 'selling_partner_id']);
  if (!read) return undefined;
  const { application_id: applicationId, selling_partner_id: sellingPartnerId } = read;
  return authorizations.find({ applicationId, sellingPartnerId, kind });
}
