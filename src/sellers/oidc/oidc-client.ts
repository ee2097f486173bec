import { Injectable } from '@nestjs/common';
import * as openid from 'openid-client';
import { Clock } from '../../common/clock.js';
import { NotFound } from '../../common/errors.js';
import { type OidcSettings, RegrantConfig } from '../../config/config.js';
import { OidcFailure, type OidcFailureName } from './oidc-failure.js';

/** Somebody whom the identity provider vouches for. */
export interface Identity {
  issuer: string;
  subject: string;
  email: string | undefined;
  emailVerified: boolean;
  idToken: string;
}

/** What must still be known when the browser comes back. */
export interface Departure {
  url: string;
  state: string;
  nonce: string;
  codeVerifier: string;
}

/** Of each call to the provider: somebody is looking at an empty page meanwhile. */
const TIMEOUT_SECONDS = 8;
/** How long the provider's endpoints are believed. Its keys are fetched at every sign-in. */
const METADATA_SECONDS = 600;
const SCOPE = 'openid email';

/**
 * The protocol with the identity provider: OpenID Connect 1.0, code flow with PKCE (RFC 7636), state and nonce. The
 * provider is looked up when it is first needed and again until it answers, so we start without it.
 */
@Injectable()
export class OidcClient {
  private known: { metadata: openid.ServerMetadata; until: Date } | undefined;
  private lookup: Promise<openid.ServerMetadata> | undefined;

  constructor(
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** @throws NotFound where sellers do not sign in by a provider */
  get settings(): OidcSettings {
    const { oidc } = this.config.signIn;
    if (!oidc) throw new NotFound('There is nothing at this address.');
    return oidc;
  }

  get redirectUri(): string {
    return `${this.config.publicUrl}/login/oidc/callback`;
  }

  /** Where to send the browser. @throws OidcFailure */
  async depart(): Promise<Departure> {
    const provider = await this.provider();
    const codeVerifier = openid.randomPKCECodeVerifier();
    const state = openid.randomState();
    const nonce = openid.randomNonce();
    const url = openid.buildAuthorizationUrl(provider, {
      redirect_uri: this.redirectUri,
      scope: SCOPE,
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, state, nonce, codeVerifier };
  }

  /**
   * Who came back, by the query of the callback: the code is exchanged, and the ID token's signature, issuer, audience,
   * times and nonce are checked.
   * @throws OidcFailure
   */
  async arrive(query: string, departure: Omit<Departure, 'url'>): Promise<Identity> {
    const provider = await this.provider();
    try {
      const tokens = await openid.authorizationCodeGrant(provider, new URL(`${this.redirectUri}?${query}`), {
        expectedState: departure.state,
        expectedNonce: departure.nonce,
        pkceCodeVerifier: departure.codeVerifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (!claims || !tokens.id_token) throw new OidcFailure('not_confirmed');
      const person = claims['email']
        ? claims
        : await this.userInfo(provider, tokens.access_token, claims.sub);
      return {
        issuer: claims.iss,
        subject: claims.sub,
        email: typeof person['email'] === 'string' ? person['email'] : undefined,
        emailVerified: person['email_verified'] === true,
        idToken: tokens.id_token,
      };
    } catch (error) {
      throw asFailure(error);
    }
  }

  /** Where signing out goes on at the provider; undefined when it offers nothing or does not answer. */
  async signOutUrl(idToken: string): Promise<string | undefined> {
    if (!this.config.signIn.oidc) return undefined;
    const provider = await this.provider().catch(() => undefined);
    if (!provider?.serverMetadata().end_session_endpoint) return undefined;
    const back = { id_token_hint: idToken, post_logout_redirect_uri: `${this.config.publicUrl}/login` };
    return openid.buildEndSessionUrl(provider, back).href;
  }

  /** Most providers tell the address here and not in the ID token. */
  private async userInfo(
    provider: openid.Configuration,
    accessToken: string,
    subject: string,
  ): Promise<Record<string, unknown>> {
    if (!provider.serverMetadata().userinfo_endpoint) return {};
    return openid.fetchUserInfo(provider, accessToken, subject);
  }

  /**
   * The provider with keys of its own that start empty: a signature is always checked against the keys that the
   * provider has now, so a rotation needs no waiting.
   */
  private async provider(): Promise<openid.Configuration> {
    const { clientId, clientSecret } = this.settings;
    const metadata = await this.metadata();
    const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const authentication = methods.includes('client_secret_basic')
      ? openid.ClientSecretBasic(clientSecret)
      : openid.ClientSecretPost(clientSecret);
    const provider = new openid.Configuration(metadata, clientId, undefined, authentication);
    provider.timeout = TIMEOUT_SECONDS;
    // Without this the library trusts TLS alone for what comes from the token endpoint.
    openid.enableNonRepudiationChecks(provider);
    if (this.onLoopback) openid.allowInsecureRequests(provider);
    return provider;
  }

  private async metadata(): Promise<openid.ServerMetadata> {
    if (this.known && this.known.until > this.clock.now()) return this.known.metadata;
    this.lookup ??= this.discover().finally(() => (this.lookup = undefined));
    try {
      const metadata = await this.lookup;
      this.known = { metadata, until: this.clock.inSeconds(METADATA_SECONDS) };
      return metadata;
    } catch (error) {
      if (this.known) return this.known.metadata;
      throw asFailure(error, 'unavailable');
    }
  }

  private async discover(): Promise<openid.ServerMetadata> {
    const { issuer, clientId } = this.settings;
    const provider = await openid.discovery(new URL(issuer), clientId, undefined, undefined, {
      timeout: TIMEOUT_SECONDS,
      execute: this.onLoopback ? [openid.allowInsecureRequests] : [],
    });
    return provider.serverMetadata();
  }

  private get onLoopback(): boolean {
    return this.settings.issuer.startsWith('http:');
  }
}

/** Codes of answers that say that something is broken at the provider, not with the sign-in. */
const BROKEN = new Set(['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_PARSE_ERROR']);

function asFailure(error: unknown, otherwise: OidcFailureName = 'not_confirmed'): OidcFailure {
  if (error instanceof OidcFailure) return error;
  return new OidcFailure(reasonOf(error) ?? otherwise, { cause: nameOf(error) });
}

function reasonOf(error: unknown): OidcFailureName | undefined {
  if (error instanceof openid.AuthorizationResponseError) {
    if (error.error === 'access_denied') return 'cancelled';
    return /^(server_error|temporarily_unavailable)$/.test(error.error) ? 'unavailable' : 'refused';
  }
  if (error instanceof openid.ResponseBodyError) {
    if (error.status >= 500) return 'unavailable';
    return /^(invalid|unauthorized)_client$/.test(error.error) ? 'misconfigured' : 'not_confirmed';
  }
  if (error instanceof openid.WWWAuthenticateChallengeError) return 'misconfigured';
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string' && BROKEN.has(code)) return 'unavailable';
  if (code === 'OAUTH_RESPONSE_IS_NOT_CONFORM' && cause instanceof Response && cause.status >= 500)
    return 'unavailable';
  // fetch() says only "fetch failed"; what the library says of a bad argument has a code.
  return error instanceof TypeError && code === undefined ? 'unavailable' : undefined;
}

/** What went wrong by name: the errors of the library hold claims and bodies, which no log may have. */
function nameOf(error: unknown): Error {
  const { name, code, error: told } = error as { name?: unknown; code?: unknown; error?: unknown };
  const parts = [name, code, told].filter((part) => typeof part === 'string' && /^[\w. -]{1,80}$/.test(part));
  return new Error(`the identity provider: ${parts.join(', ')}`);
}
