import { type Scope } from '../common/access.js';
import { Forbidden } from '../common/errors.js';
import { type ApiKey } from './api-key.entity.js';

/** What a key may do: where its limits are. */
export type Powers = Pick<ApiKey, 'scopes' | 'applicationIds' | 'expiresAt'>;

/**
 * No key gives away more than it has, also not to itself.
 * @throws Forbidden when `powers` goes beyond what `caller` may do itself
 */
export function requireWithin(caller: Powers, { scopes, applicationIds, expiresAt }: Powers): void {
  const missing = scopes.find((scope) => !caller.scopes.includes(scope));
  if (missing)
    throw new Forbidden(`This API key lacks the scope ${missing} itself: it cannot give it to a key.`);
  if (!isWithinApplications(caller, applicationIds))
    throw new Forbidden(
      'This API key is limited to some applications: a key that it gives must be limited to those (applicationIds).',
    );
  if (caller.expiresAt && (!expiresAt || expiresAt > caller.expiresAt))
    throw new Forbidden(
      `This API key ends at ${caller.expiresAt.toISOString()}: a key that it gives must end by then (expiresAt).`,
    );
}

/** Whether a key with these applications (null: all) is the business of `caller`. */
export function isWithinApplications(caller: Powers, applicationIds: readonly string[] | null): boolean {
  const { applicationIds: allowed } = caller;
  return !allowed || (applicationIds?.every((id) => allowed.includes(id)) ?? false);
}

const ADMINISTERS: Scope = 'admin:write';

/** Whether it may administer everything, keys included, now. Without such a key nobody could make one. */
export function administers(key: ApiKey, now: Date): boolean {
  const { scopes, applicationIds, revokedAt, expiresAt } = key;
  const lives = !revokedAt && (!expiresAt || expiresAt > now);
  return lives && !applicationIds && scopes.includes(ADMINISTERS);
}
