import { RegrantError } from '../common/errors.js';
import { type Region } from '../config/config.js';
import { type Authorization } from './authorization.entity.js';

export interface VendedToken {
  accessToken: string;
  expiresAt: Date;
  authorizationId: string;
  applicationId: string;
  sellingPartnerId: string;
  region: Region;
  /** The SP-API endpoint of the region. */
  endpoint: string;
  /** Of the row that it is stored in; undefined while it could not be stored. */
  version: string | undefined;
}

/** A dead grant is tried again once a day: Amazon has been seen to take such a verdict back. */
export const RETRY_DEAD_AFTER_SECONDS = 86_400;

/**
 * @param now undefined when a dead grant is to be tried whenever it was tried last
 * @throws RegrantError `disconnected`, or `reauthorization_required` when Amazon said so less than a day ago
 */
export function requireAlive({ status, lastCheckedAt }: Authorization, now: Date | undefined): void {
  if (status === 'disconnected') throw disconnected();
  if (status !== 'reauthorization_required' || !now || !lastCheckedAt) return;
  if (now.getTime() - lastCheckedAt.getTime() < RETRY_DEAD_AFTER_SECONDS * 1000)
    throw reauthorizationRequired();
}

function disconnected(): RegrantError {
  const message = 'The seller or an operator disconnected this authorization; its token is destroyed.';
  return new RegrantError('disconnected', 410, 'Disconnected', message);
}

export function reauthorizationRequired(cause?: unknown): RegrantError {
  const message = 'Amazon no longer accepts this grant. The selling partner must authorize again.';
  return new RegrantError('reauthorization_required', 409, 'Re-authorization required', message, { cause });
}
