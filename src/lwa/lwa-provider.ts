/** The credentials of one application at Login with Amazon. */
export interface LwaClient {
  clientId: string;
  clientSecret: string;
}

export interface LwaAccessToken {
  accessToken: string;
  /** Seconds from now; LWA gives 3600. */
  expiresInSeconds: number;
}

/** A grant as LWA hands it out. On a refresh the same refresh token usually comes back, but need not. */
export interface LwaGrant extends LwaAccessToken {
  refreshToken: string;
}

/**
 * Login with Amazon's token endpoint (OAuth 2.0, RFC 6749), and the injection token for it. Every method rejects with
 * an `LwaError` whose `kind` says whose failure it is, and with nothing else.
 */
export abstract class LwaProvider {
  /** Exchanges an authorization code: once only, within five minutes of the consent. */
  abstract exchangeCode(client: LwaClient, code: string, redirectUri: string): Promise<LwaGrant>;
  /** A new access token for a refresh token. */
  abstract refresh(client: LwaClient, refreshToken: string): Promise<LwaGrant>;
  /** An access token of the application itself, for grantless operations. */
  abstract clientCredentials(client: LwaClient, scope: string): Promise<LwaAccessToken>;
}
