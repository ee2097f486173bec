import { type Region } from '../config/config.js';

/**
 * Why the SP-API gave no answer to rely on:
 * - `denied`: HTTP 401 or 403, which Amazon says for a wrong region, a missing role and a dead token alike;
 * - `transient`: network, timeout, throttling, Amazon's own trouble, an unreadable answer; try again later.
 */
export type SpApiFailureKind = 'denied' | 'transient';

/** The only error of `SpApi`. Its message never holds a token. */
export class SpApiError extends Error {
  constructor(
    readonly kind: SpApiFailureKind,
    readonly reason: string,
    readonly details: { status?: number; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(`SP-API: ${reason}${details.status ? ` (HTTP ${details.status})` : ''}`, { cause: details.cause });
    this.name = 'SpApiError';
  }
}

/** The few operations of Amazon's Selling Partner API that Regrant itself calls, and their injection token. */
export abstract class SpApi {
  /**
   * getMarketplaceParticipations of the Sellers API v1: the ids of the marketplaces of `region` in which the seller
   * participates. For sellers only; at most 0.016 requests per second (burst 15), so once per connection. An empty
   * list has been seen where a refusal belongs (the token is of another region): it is no proof of anything.
   * @throws SpApiError
   */
  abstract participations(region: Region, accessToken: string): Promise<string[]>;
}
