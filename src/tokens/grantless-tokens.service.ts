import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ApplicationsService } from '../applications/applications.service.js';
import { Clock } from '../common/clock.js';
import { Forbidden, InvalidRequest, type RegrantError } from '../common/errors.js';
import { LwaError } from '../lwa/lwa-error.js';
import { amazonUnavailable, credentialsRejected } from '../lwa/lwa-problems.js';
import { LwaProvider } from '../lwa/lwa-provider.js';
import { backOffMilliseconds } from './back-off.js';

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

/** Since when LWA does not answer usefully, and until when it is left alone. */
interface Outage {
  since: Date;
  until: Date;
  failure: LwaError;
}

/** Hands out grantless tokens: from memory while they live long enough, else from LWA, once for all who wait. */
@Injectable()
export class GrantlessTokens {
  private readonly tokens = new LRUCache<string, GrantlessToken>({ max: REMEMBERED_TOKENS });
  private readonly outages = new LRUCache<string, Outage>({ max: REMEMBERED_TOKENS });
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
    const outage = this.outages.get(key);
    if (outage && outage.until > this.clock.now()) return this.instead(key, outage);
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
      this.outages.delete(key);
      return token;
    } catch (error) {
      if (!(error instanceof LwaError)) throw error;
      if (error.kind !== 'transient') throw meaning(error);
      return this.instead(key, this.leaveAlone(key, error));
    }
  }

  /** However many ask: LWA gets one request, then as long again in peace as it has been failing. */
  private leaveAlone(key: string, failure: LwaError): Outage {
    const now = this.clock.now();
    const since = this.outages.get(key)?.since ?? now;
    const wait = backOffMilliseconds(failure, now.getTime() - since.getTime());
    const outage = { since, until: new Date(now.getTime() + wait), failure };
    this.outages.set(key, outage);
    return outage;
  }

  /** What there is while LWA is not to be asked. @throws `amazon_unavailable`, with when to come back */
  private instead(key: string, { until, failure }: Outage): GrantlessToken {
    const now = this.clock.now();
    const remembered = this.tokens.get(key);
    if (remembered && remembered.expiresAt > now) return remembered;
    const retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
    throw amazonUnavailable(
      new LwaError('transient', failure.reason, { ...failure.details, retryAfterSeconds, cause: failure }),
    );
  }
}

/** What it means for the caller that LWA refuses a grantless token. */
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
  return credentialsRejected(error);
}
