import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { requireApplication } from '../api-keys/api-keys.service.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Clock } from '../common/clock.js';
import { RegrantError } from '../common/errors.js';
import { type Region } from '../config/config.js';
import { LwaError } from '../lwa/lwa-error.js';
import { amazonUnavailable, credentialsRejected } from '../lwa/lwa-problems.js';
import { LwaProvider } from '../lwa/lwa-provider.js';
import { Marketplaces } from '../lwa/marketplaces.js';
import { type Authorization } from './authorization.entity.js';
import { AuthorizationsService } from './authorizations.service.js';

export interface VendedToken {
  accessToken: string;
  expiresAt: Date;
  authorizationId: string;
  applicationId: string;
  sellingPartnerId: string;
  region: Region;
  /** The SP-API endpoint of the region. */
  endpoint: string;
}

export interface VendOptions {
  /** Seconds that the token must still live; a shorter-lived one is refreshed. */
  minimumSeconds?: number;
  forceRefresh?: boolean;
  /** The applications that the caller is limited to; null: none in particular. */
  applicationIds?: readonly string[] | null;
}

export const DEFAULT_MINIMUM_SECONDS = 60;
const REMEMBERED_TOKENS = 100_000;
/** A dead grant is tried again once a day: Amazon has been seen to take such a verdict back. */
const RETRY_DEAD_AFTER_SECONDS = 86_400;

/** Hands out access tokens: from memory while they live long enough, else from Amazon, once for all who wait. */
@Injectable()
export class VendingService {
  private readonly tokens = new LRUCache<string, VendedToken>({ max: REMEMBERED_TOKENS });
  private readonly refreshing = new Map<string, Promise<VendedToken>>();

  constructor(
    private readonly authorizations: AuthorizationsService,
    private readonly applications: ApplicationsService,
    private readonly lwa: LwaProvider,
    private readonly marketplaces: Marketplaces,
    private readonly clock: Clock,
  ) {}

  /**
   * A token that lives at least `minimumSeconds` more.
   * @throws NotFound, Forbidden, `reauthorization_required`, `disconnected`, `application_credentials_rejected`, `amazon_unavailable`
   */
  async vend(id: string, options: VendOptions = {}): Promise<VendedToken> {
    const { minimumSeconds = DEFAULT_MINIMUM_SECONDS, forceRefresh = false, applicationIds = null } = options;
    const remembered = this.tokens.get(id);
    if (applicationIds)
      requireApplication(applicationIds, (remembered ?? (await this.authorizations.byId(id))).applicationId);
    if (remembered && !forceRefresh && remembered.expiresAt >= this.clock.inSeconds(minimumSeconds))
      return remembered;
    return this.refreshOnce(id, forceRefresh);
  }

  /** Must be called when a grant was replaced or destroyed: its old access token is not handed out again. */
  forget(id: string): void {
    this.tokens.delete(id);
    this.refreshing.delete(id);
  }

  /** Seconds that a token still lives, never negative. */
  secondsLeft(token: VendedToken): number {
    return Math.max(0, Math.floor((token.expiresAt.getTime() - this.clock.now().getTime()) / 1000));
  }

  private refreshOnce(id: string, forced: boolean): Promise<VendedToken> {
    const underWay = this.refreshing.get(id);
    if (underWay) return underWay;
    // Forgotten meanwhile: those who already wait are answered, but nothing of it is remembered.
    const stillWanted = (): boolean => this.refreshing.get(id) === refresh;
    const refresh = this.refresh(id, forced)
      .then((token) => {
        if (stillWanted()) this.tokens.set(id, token);
        return token;
      })
      .finally(() => {
        if (stillWanted()) this.refreshing.delete(id);
      });
    this.refreshing.set(id, refresh);
    return refresh;
  }

  private async refresh(id: string, forced: boolean): Promise<VendedToken> {
    const authorization = await this.authorizations.byId(id);
    if (authorization.status === 'disconnected') throw disconnected();
    if (authorization.status === 'reauthorization_required' && !forced && this.checkedLately(authorization))
      throw reauthorizationRequired();
    try {
      const refreshToken = await this.authorizations.refreshToken(authorization);
      const askedAt = this.clock.now();
      const grant = await this.applications.withClient(authorization.applicationId, (client) =>
        this.lwa.refresh(client, refreshToken),
      );
      // Renewed or disconnected while Amazon answered: what we hold belongs to the old grant.
      if (!(await this.authorizations.issued(authorization, grant.refreshToken)))
        return await this.refresh(id, forced);
      return {
        accessToken: grant.accessToken,
        expiresAt: new Date(askedAt.getTime() + grant.expiresInSeconds * 1000),
        authorizationId: id,
        applicationId: authorization.applicationId,
        sellingPartnerId: authorization.sellingPartnerId,
        region: authorization.region,
        endpoint: this.marketplaces.endpoint(authorization.region),
      };
    } catch (error) {
      if (error instanceof LwaError) return await this.refused(authorization, error);
      throw error;
    }
  }

  /** What an LWA failure means for the caller: each kind hurts only what it must. */
  private async refused(authorization: Authorization, error: LwaError): Promise<VendedToken> {
    const remembered = this.tokens.get(authorization.id);
    switch (error.kind) {
      case 'grant':
        // The verdict is about the token we sent; when the row has another one by now, that one is tried.
        if (
          !(await this.authorizations.failedForGood(authorization, error.details.description ?? error.reason))
        )
          return this.refresh(authorization.id, true);
        this.tokens.delete(authorization.id);
        throw reauthorizationRequired(error);
      case 'client':
        throw credentialsRejected(error);
      case 'transient':
        if (remembered && remembered.expiresAt > this.clock.now()) return remembered;
        throw amazonUnavailable(error);
    }
  }

  private checkedLately({ lastCheckedAt }: Authorization): boolean {
    return !!lastCheckedAt && lastCheckedAt > this.clock.inSeconds(-RETRY_DEAD_AFTER_SECONDS);
  }
}

function disconnected(): RegrantError {
  const message = 'The seller or an operator disconnected this authorization; its token is destroyed.';
  return new RegrantError('disconnected', 410, 'Disconnected', message);
}

function reauthorizationRequired(cause?: unknown): RegrantError {
  const message = 'Amazon no longer accepts this grant. The selling partner must authorize again.';
  return new RegrantError('reauthorization_required', 409, 'Re-authorization required', message, { cause });
}
