import { type Region } from '../config/config.js';
import { type PartnerType } from '../lwa/marketplaces.js';
import { type Authorization, type Workflow } from './authorization.entity.js';

/** What a consent at Amazon gave us, or an operator. */
export interface NewGrant {
  applicationId: string;
  /** The account that consented. Of an operator: the account it shall belong to; left out, it stays whose it is. */
  sellerId?: string;
  sellingPartnerId: string;
  region: Region;
  partnerType: PartnerType;
  marketplaceId?: string;
  workflow: Workflow;
  refreshToken: string;
  /** The operator's program that acts in place of the seller; it may give a grant to another account. */
  actor?: string;
  contactEmail?: string;
  /** When it is not now. */
  authorizedAt?: Date;
  /** False when nobody has tried the token yet. */
  verified?: boolean;
  /** The marketplaces that Amazon named; undefined when the region could not be confirmed yet. */
  confirmedMarketplaceIds?: string[];
}

/** What makes a grant one: authorizations are regional. */
export type GrantKey = Pick<Authorization, 'applicationId' | 'sellingPartnerId' | 'region'>;

/** Whether it is connected to another seller account; one that was disconnected belongs to nobody any more. */
export function belongsToAnother(row: Authorization, sellerId: string | undefined): boolean {
  return row.status !== 'disconnected' && row.sellerId !== null && row.sellerId !== sellerId;
}

/** The first repeated check of a region, in milliseconds after the grant. */
const FIRST_REGION_CHECK = 900_000;

/** Where a grant sells, and when Amazon is to be asked for it if it has not said so. */
export function whereItSells(
  { partnerType, marketplaceId, confirmedMarketplaceIds: confirmed }: NewGrant,
  existing: Authorization | null,
  now: Date,
): Pick<Authorization, 'marketplaceIds' | 'regionVerifiedAt' | 'regionCheckAt'> {
  const chosen = marketplaceId ? [marketplaceId] : [];
  const marketplaceIds = confirmed ?? [...new Set([...(existing?.marketplaceIds ?? []), ...chosen])];
  const regionVerifiedAt = confirmed ? now : (existing?.regionVerifiedAt ?? null);
  // The operation that tells does not exist for vendors.
  const toBeChecked = !regionVerifiedAt && partnerType === 'seller';
  const regionCheckAt = toBeChecked ? new Date(now.getTime() + FIRST_REGION_CHECK) : null;
  return { marketplaceIds, regionVerifiedAt, regionCheckAt };
}
