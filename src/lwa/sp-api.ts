import { type Region } from '../config/config.js';

/**
 * Why the SP-API gave no answer to rely on:
 * - `denied`: HTTP 401 or 403. The reason is `token_rejected` for an access token that has expired or was revoked,
 *   `client_secret_expired` for the application's own, else `access_denied`: a wrong region, a missing role, an account
 *   that is suspended; Amazon does not say which;
 * - `refused`: Amazon finds this very request bad, and would again; `errors` tells why;
 * - `transient`: network, timeout, throttling, Amazon's own trouble, an unreadable answer; try again later.
 */
export type SpApiFailureKind = 'denied' | 'refused' | 'transient';

/** An error in Amazon's own words, which may repeat the caller's but never hold a token. */
export interface AmazonFault {
  message: string;
  /** Empty for none. */
  details: string;
}

/** The only error of `SpApi`. Its message never holds a token. */
export class SpApiError extends Error {
  constructor(
    readonly kind: SpApiFailureKind,
    readonly reason: string,
    readonly details: {
      status?: number;
      retryAfterSeconds?: number;
      errors?: readonly AmazonFault[];
      cause?: unknown;
    } = {},
  ) {
    super(`SP-API: ${reason}${details.status ? ` (HTTP ${details.status})` : ''}`, { cause: details.cause });
    this.name = 'SpApiError';
  }
}

/** An operation whose answer holds personal data; the path may have placeholders, as `/orders/v0/orders/{orderId}`. */
export interface RestrictedResource {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  /** Kinds of personal data, as `buyerInfo`; only operations of the Orders API need them. */
  dataElements?: string[];
}

export interface RestrictedDataTokenRequest {
  /** At most 50. */
  restrictedResources: RestrictedResource[];
  /** The application that is to use the token, where that is another one. */
  targetApplication?: string;
}

export interface RestrictedDataToken {
  restrictedDataToken: string;
  /** Seconds from now; Amazon gives 3600. */
  expiresInSeconds: number;
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

  /**
   * createRestrictedDataToken of the Tokens API 2021-03-01: a token for personal data of the named resources, another
   * one at every call. At most one request per second (burst 10) for each application and selling partner.
   * @throws SpApiError
   */
  abstract createRestrictedDataToken(
    region: Region,
    accessToken: string,
    request: RestrictedDataTokenRequest,
  ): Promise<RestrictedDataToken>;
}
