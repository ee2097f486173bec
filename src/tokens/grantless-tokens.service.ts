import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ApplicationsService } from '../applications/applications.service.js';
import { Clock } from '../common/clock.js';
import { Forbidden, InvalidRequest, type RegrantError } from '../common/errors.js';
import { LwaError } from '../lwa/lwa-error.js';
import { amazonUnavailable, credentialsRejected } from '../lwa/lwa-problems.js';
import { LwaProvider } from '../lwa/lwa-provider.js';

/** An access token of the application itself, for operations that no selling partner has to grant. */
export interface GrantlessToken {
  accessToken: string;
  expiresAt: Date;
  applicationId: string;
  /** Each scope once, in alphabetical order. */
  scope: string;
}

/** One to ten scopes of the SP-API with single spaces between them (RFC 6749 section 3.3). Which exist, LWA knows. */
export const GRANTLESS_SCOPE = /^sellingpartnerapi::[\w:.-]{1,64}(?: sellingpartnerapi::[\w:.-]{1,64}){0,9}$/;

const DEFAULT_MINIMUM_SECONDS = 60;
const REMEMBERED_TOKENS = 1000;

/** Hands out grantless tokens: from memory while they live long enough, else from LWA, once for all who wait. */
@Injectable()
export class GrantlessTokens {
  private readonly tokens = new LRUCache<string, GrantlessToken>({ max: REMEMBERED_TOKENS });
  private readonly asking = new Map<string, Promise<GrantlessToken>>();

  constructor(
    private readonly applications: ApplicationsService,
    private readonly lwa: LwaProvider,
    private readonly clock: Clock,
  ) {}

  /**
   * A token that lives at least `minimumSeconds` more, or while LWA does not answer, one that still lives.
   * @param scope matches `GRANTLESS_SCOPE`; neither order nor repetition matters
   * @throws NotFound, InvalidRequest when LWA knows no such scope, Forbidden when this application may not have it,
   *   `application_credentials_rejected`, `amazon_unavailable`
   */
  async vend(
    applicationId: string,
    scope: string,
    minimumSeconds = DEFAULT_MINIMUM_SECONDS,
  ): Promise<GrantlessToken> {
    const wanted = { applicationId, scope: [...new Set(scope.split(' '))].sort().join(' ') };
    // With other credentials it is another key: what the old ones brought is never found again, in any replica.
    const credentials = await this.applications.credentialsVersion(applicationId);
    const key = [applicationId, credentials, wanted.scope].join('\n');
    const remembered = this.tokens.get(key);
    if (remembered && remembered.expiresAt >= this.clock.inSeconds(minimumSeconds)) return remembered;
    return this.askOnce(key, wanted);
  }

  /** Seconds that a token still lives, never negative. */
  secondsLeft({ expiresAt }: GrantlessToken): number {
    return Math.max(0, Math.floor((expiresAt.getTime() - this.clock.now().getTime()) / 1000));
  }

  private askOnce(key: string, wanted: Pick<GrantlessToken, 'applicationId' | 'scope'>) {
    const underWay = this.asking.get(key);
    if (underWay) return underWay;
    const asking = this.ask(key, wanted).finally(() => this.asking.delete(key));
    this.asking.set(key, asking);
    return asking;
  }

  private async ask(
    key: string,
    { applicationId, scope }: Pick<GrantlessToken, 'applicationId' | 'scope'>,
  ): Promise<GrantlessToken> {
    const askedAt = this.clock.now();
    try {
      const answer = await this.applications.withClient(applicationId, (client) =>
        this.lwa.clientCredentials(client, scope),
      );
      const expiresAt = new Date(askedAt.getTime() + answer.expiresInSeconds * 1000);
      const token = { accessToken: answer.accessToken, expiresAt, applicationId, scope };
      this.tokens.set(key, token);
      return token;
    } catch (error) {
      if (!(error instanceof LwaError)) throw error;
      const remembered = this.tokens.get(key);
      if (error.kind === 'transient' && remembered && remembered.expiresAt > this.clock.now())
        return remembered;
      throw meaning(error);
    }
  }
}

/** What a refusal of a grantless token means for the caller. */
function meaning(error: LwaError): RegrantError {
  if (error.reason === 'invalid_scope')
    return new InvalidRequest(
      'Login with Amazon knows no such scope.',
      [{ path: 'scope', message: 'is refused by Login with Amazon (invalid_scope)' }],
      { lwaError: 'invalid_scope', cause: error },
    );
  if (error.reason === 'unauthorized_client' || error.kind === 'grant')
    return new Forbidden(
      `Login with Amazon gives this application no token for that scope (${error.reason}). Check its roles at Amazon.`,
      { cause: error },
    );
  return error.kind === 'client' ? credentialsRejected(error) : amazonUnavailable(error);
}
