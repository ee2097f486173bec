import { Injectable, Logger } from '@nestjs/common';
import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationsService } from '../applications/applications.service.js';
import { CredentialsBreaker } from '../applications/credentials-breaker.js';
import { Clock } from '../common/clock.js';
import { type RegrantError } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';
import { LwaError } from '../lwa/lwa-error.js';
import { amazonUnavailable, credentialsRejected } from '../lwa/lwa-problems.js';
import { type LwaClient, type LwaGrant, LwaProvider } from '../lwa/lwa-provider.js';
import { Marketplaces } from '../lwa/marketplaces.js';
import { Signals } from '../signals/signals.js';
import { AccessTokens, type Lease, type Standing } from './access-tokens.js';
import { AuthorizationsService } from './authorizations.service.js';
import { UnsavedTokens } from './unsaved-tokens.js';
import { reauthorizationRequired, requireAlive, type VendedToken } from './vended-token.js';

/** What a token must be like. */
export interface Need {
  /** Seconds that it must still live. */
  minimumSeconds: number;
  /** It must be newer than any that was there before. */
  fresh: boolean;
  /** False when nobody asked for it. */
  forCaller: boolean;
}

/** A lease outlives the HTTP deadline by this many seconds, in which the answer is stored. */
const LEASE_MARGIN_SECONDS = 5;
/** Milliseconds after which a waiting replica looks by itself, in case a signal was lost. */
const LOOK_EVERY = 500;
/** A caller without any token waits this many seconds for another attempt, rather than being sent away. */
const PATIENCE_SECONDS = 2;

interface Pause {
  until: Date;
  failure: LwaError;
}
type Answer = { token: VendedToken } | Pause | { until: Date; failure?: undefined };

/** The lease lapsed between two attempts: somebody else may be asking. */
class LeaseLost extends Error {}

/**
 * Gets an access token from the sealed copy that another replica stored, or else from Amazon: one call at a time for each
 * authorization among all replicas. Those who do not hold the lease wait for the row, however long it takes; nobody ever
 * asks without it. No database connection is held while Amazon answers.
 */
@Injectable()
export class TokenRefresh {
  private readonly logger = new Logger(TokenRefresh.name);
  private readonly changed = new EventEmitter().setMaxListeners(0);

  constructor(
    private readonly accessTokens: AccessTokens,
    private readonly authorizations: AuthorizationsService,
    private readonly applications: ApplicationsService,
    private readonly breaker: CredentialsBreaker,
    private readonly unsaved: UnsavedTokens,
    private readonly lwa: LwaProvider,
    private readonly marketplaces: Marketplaces,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
    signals: Signals,
  ) {
    signals.listen('access-token', { heard: (key) => this.changed.emit(key.split(' ')[0] ?? '') });
    signals.listen('authorization', { heard: (id) => this.changed.emit(id) });
  }

  /**
   * A token that fits the need; one that lives at all when Amazon gives no better one now.
   * @throws NotFound, `reauthorization_required`, `disconnected`, `application_credentials_rejected`, `amazon_unavailable`
   */
  async obtain(id: string, need: Need): Promise<VendedToken> {
    const patientUntil = this.clock.inSeconds(need.forCaller ? PATIENCE_SECONDS : 0);
    let before: Standing | undefined;
    for (;;) {
      const change = this.nextChange(id);
      try {
        const standing = await this.accessTokens.look(id);
        before ??= standing;
        const answer = await this.tryOnce(standing, before, need);
        if ('token' in answer) return answer.token;
        if (answer.failure && answer.until > patientUntil) throw this.problem(answer);
        await change.within(answer.until.getTime() - this.clock.now().getTime());
      } finally {
        change.forget();
      }
    }
  }

  /** A token, or when to look again. */
  private async tryOnce(standing: Standing, before: Standing, need: Need): Promise<Answer> {
    const now = this.clock.now();
    const { authorization, token } = standing;
    requireAlive(authorization, need.fresh ? undefined : now);
    const isNew = token?.expiresAt.getTime() !== before.token?.expiresAt.getTime();
    if (token && (isNew || !need.fresh) && token.expiresAt >= this.clock.inSeconds(need.minimumSeconds))
      return { token: await this.opened(standing, token) };
    const pause = standing.pause ?? this.breaker.pause(authorization.applicationId);
    if (pause && pause.until > now) return this.instead(standing, need, pause);
    if (standing.leaseLeft)
      return { until: new Date(now.getTime() + Math.min(LOOK_EVERY, standing.leaseLeft)) };
    const lease = await this.accessTokens.claim(standing, this.leaseSeconds);
    return lease ? this.fetch(standing, lease, need) : { until: now };
  }

  /**
   * What there is while Amazon is not to be asked: the present token as long as it lives. One who insists on a new token
   * may have reason to doubt it, and gets it only where nobody but Amazon is to blame.
   */
  private async instead(standing: Standing, need: Need, pause: Pause): Promise<Answer> {
    const { token } = standing;
    const acceptable = !need.fresh || pause.failure.kind === 'transient';
    return token && acceptable && token.expiresAt > this.clock.now()
      ? { token: await this.opened(standing, token) }
      : pause;
  }

  /** Asks Amazon. */
  private async fetch(standing: Standing, lease: Lease, need: Need): Promise<Answer> {
    const { authorization } = standing;
    let attempts = 0;
    try {
      const refreshToken = await this.authorizations.refreshToken(authorization);
      const askedAt = this.clock.now();
      const refresh = async (client: LwaClient): Promise<LwaGrant> => {
        // Each client secret that is tried has the whole deadline for itself.
        if (attempts++ && !(await this.accessTokens.extend(lease, this.leaseSeconds))) throw new LeaseLost();
        return this.lwa.refresh(client, refreshToken);
      };
      const witness = this.authorizations.asWitness(authorization);
      const grant = await this.applications.withClient(authorization.applicationId, refresh, { witness });
      const expiresAt = new Date(askedAt.getTime() + grant.expiresInSeconds * 1000);
      const token = await this.store(standing, lease, need, grant, expiresAt);
      return token ? { token } : this.atOnce;
    } catch (error) {
      if (error instanceof LeaseLost) return this.atOnce;
      if (error instanceof LwaError) return this.refused(standing, lease, need, error);
      await this.accessTokens.release(lease).catch(() => undefined);
      throw error;
    }
  }

  /** Undefined when the grant was renewed or disconnected while Amazon answered: what came belongs to the old one. */
  private async store(
    { authorization }: Standing,
    lease: Lease,
    { forCaller }: Need,
    { accessToken, refreshToken }: LwaGrant,
    expiresAt: Date,
  ): Promise<VendedToken | undefined> {
    let version: string | undefined;
    const save = () =>
      this.authorizations.issued(
        authorization,
        refreshToken,
        async (manager) => {
          version = await this.accessTokens.keep(manager, lease, accessToken, expiresAt);
        },
        { forCaller },
      );
    try {
      if (!(await save())) return undefined;
    } catch (error) {
      this.logger.error(error);
      this.unsaved.add(authorization.id, save);
    }
    return this.vended(authorization, accessToken, expiresAt, version);
  }

  /** What Amazon's refusal means: each kind hurts only what it must. */
  private async refused(standing: Standing, lease: Lease, need: Need, failure: LwaError): Promise<Answer> {
    const { authorization, failingSince } = standing;
    if (failure.kind === 'grant') {
      const reason = failure.details.description ?? failure.reason;
      // The verdict is about the token we sent; when the row has another one by now, that one is tried.
      if (await this.authorizations.failedForGood(authorization, reason))
        throw reauthorizationRequired(failure);
      return this.atOnce;
    }
    const refusal = failure.kind === 'client' && this.breaker.pause(authorization.applicationId);
    if (refusal || failure.reason === 'invalid_client') {
      // Nothing is wrong with this authorization; the breaker of its application says when to try again.
      await this.accessTokens.release(lease);
      const until = refusal ? refusal.until : this.clock.inSeconds(1);
      return this.instead(standing, need, { until, failure });
    }
    await this.accessTokens.failed(lease, failure, failingSince);
    return this.atOnce;
  }

  private async opened(
    { authorization, version }: Standing,
    token: NonNullable<Standing['token']>,
  ): Promise<VendedToken> {
    const accessToken = await this.accessTokens.open(token, authorization.id);
    return this.vended(authorization, accessToken, token.expiresAt, version);
  }

  private vended(
    { id, applicationId, sellingPartnerId, region }: Standing['authorization'],
    accessToken: string,
    expiresAt: Date,
    version: string | undefined,
  ): VendedToken {
    const endpoint = this.marketplaces.endpoint(region);
    return {
      accessToken,
      expiresAt,
      authorizationId: id,
      applicationId,
      sellingPartnerId,
      region,
      endpoint,
      version,
    };
  }

  /** Things have changed: look again. */
  private get atOnce(): Answer {
    return { until: this.clock.now() };
  }

  private problem({ until, failure }: Pause): RegrantError {
    const seconds = Math.max(1, Math.ceil((until.getTime() - this.clock.now().getTime()) / 1000));
    const { kind, reason, details } = failure;
    const error = new LwaError(kind, reason, { ...details, retryAfterSeconds: seconds });
    return kind === 'client' ? credentialsRejected(error) : amazonUnavailable(error);
  }

  private get leaseSeconds(): number {
    return this.config.lwa.timeoutSeconds + LEASE_MARGIN_SECONDS;
  }

  /** Begins to listen for the next change of the row, before the row is looked at: none is missed in between. */
  private nextChange(id: string) {
    const listening = new AbortController();
    const { signal } = listening;
    const heard = once(this.changed, id, { signal }).catch(() => undefined);
    return {
      within: async (milliseconds: number): Promise<void> => {
        await Promise.race([heard, pause(milliseconds, undefined, { signal }).catch(() => undefined)]);
      },
      forget: () => listening.abort(),
    };
  }
}
