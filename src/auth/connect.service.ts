import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { ApplicationsService } from '../applications/applications.service.js';
import { Clock } from '../common/clock.js';
import { Conflict } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';
import { LwaError, type LwaFailureKind } from '../lwa/lwa-error.js';
import { type LwaGrant, LwaProvider } from '../lwa/lwa-provider.js';
import { type Marketplace, Marketplaces, type PartnerType } from '../lwa/marketplaces.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { VendingService } from '../tokens/vending.service.js';
import { type CallbackParameters } from './callback-parameters.js';
import { ConnectFailure, type FailureName } from './connect-failure.js';
import { type OAuthState } from './oauth-state.entity.js';
import { type Bearer, OAuthStatesService } from './oauth-states.service.js';

export interface ConnectRequest {
  applicationId: string;
  marketplace: Marketplace;
  partnerType: PartnerType;
  /** For a renewal: the selling partner that must come back. */
  sellingPartnerId?: string;
}

const FAILURE_OF: Record<LwaFailureKind, FailureName> = {
  grant: 'code_refused',
  client: 'credentials_rejected',
  transient: 'amazon_unavailable',
};
/** Beyond the deadline of the call to LWA, in seconds: a taken state that did not end by then never will. */
const GRACE_SECONDS = 10;
const POLL_MILLISECONDS = 200;

/**
 * The website authorization workflow: off to Amazon with a `state`, back with a code, the code exchanged and the grant
 * stored. Killed anywhere, it leaves either a stored authorization or a state that is spent; the seller starts again.
 */
@Injectable()
export class ConnectService {
  constructor(
    private readonly states: OAuthStatesService,
    private readonly applications: ApplicationsService,
    private readonly authorizations: AuthorizationsService,
    private readonly vending: VendingService,
    private readonly marketplaces: Marketplaces,
    private readonly lwa: LwaProvider,
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** Answers the consent URL at Seller or Vendor Central. */
  async begin(bearer: Bearer, request: ConnectRequest): Promise<string> {
    const { marketplace, partnerType } = request;
    const application = await this.applications.byId(request.applicationId);
    const redirectUri = `${this.config.publicUrl}/sp-api/auth`;
    const state = await this.states.create({
      ...bearer,
      applicationId: application.id,
      region: marketplace.region,
      marketplaceId: marketplace.id,
      partnerType,
      workflow: 'website',
      sellingPartnerId: request.sellingPartnerId ?? null,
      redirectUri,
    });
    const url = new URL('/apps/authorize/consent', this.marketplaces.consentOrigin(marketplace, partnerType));
    url.searchParams.set('application_id', application.applicationId);
    url.searchParams.set('state', state);
    url.searchParams.set('redirect_uri', redirectUri);
    if (application.draft) url.searchParams.set('version', 'beta');
    return url.href;
  }

  /**
   * Finishes what `begin` began and answers the authorization's id; for a callback that arrives again, the outcome of
   * the first one.
   * @param bearer without a seller when nobody is signed in
   * @throws ConnectFailure
   */
  async finish(
    parameters: CallbackParameters,
    bearer: { browserHash: Buffer; sellerId?: string },
  ): Promise<string> {
    const state = await this.states.find(parameters.state);
    if (!state) throw new ConnectFailure('unknown');
    if (!state.browserHash.equals(bearer.browserHash)) throw new ConnectFailure('foreign');
    if (!bearer.sellerId) throw new ConnectFailure('signed_out');
    if (state.sellerId !== bearer.sellerId) throw new ConnectFailure('foreign');
    const taken = await this.states.take(state, {
      browserHash: bearer.browserHash,
      sellerId: bearer.sellerId,
    });
    return taken ? this.connect(state, parameters) : this.outcomeOf(state, parameters.state);
  }

  private async connect(state: OAuthState, { code, sellingPartnerId }: CallbackParameters): Promise<string> {
    try {
      if (state.sellingPartnerId && state.sellingPartnerId !== sellingPartnerId)
        throw new ConnectFailure('other_partner');
      const grant = await this.applications.withClient(state.applicationId, (client) =>
        this.lwa.exchangeCode(client, code, state.redirectUri),
      );
      return await this.store(state, sellingPartnerId, grant);
    } catch (error) {
      const failure = asFailure(error);
      // The database itself may be what failed: the state then stays taken, which reads as interrupted later on.
      await this.states.failed(state, failure?.reason ?? 'interrupted').catch(() => undefined);
      throw failure ?? error;
    }
  }

  /** One transaction for the grant and the end of its state: the seller is told of it only after both are there. */
  private async store(
    state: OAuthState,
    sellingPartnerId: string,
    { refreshToken }: LwaGrant,
  ): Promise<string> {
    const id = await this.dataSource.transaction(async (manager) => {
      const { applicationId, sellerId, region, partnerType, marketplaceId, workflow } = state;
      const authorization = await this.authorizations.connected(manager, {
        ...{ applicationId, sellerId, region, partnerType, marketplaceId, workflow },
        sellingPartnerId,
        refreshToken,
      });
      await this.states.succeeded(manager, state, authorization.id);
      return authorization.id;
    });
    this.vending.forget(id);
    return id;
  }

  /** For a callback that did not get the state: waits while the first one is at work, then answers as it did. */
  private async outcomeOf(seen: OAuthState, value: string): Promise<string> {
    for (let state: OAuthState | null = seen; state; state = await this.states.find(value)) {
      if (state.authorizationId) return state.authorizationId;
      if (state.failure) throw ConnectFailure.named(state.failure);
      if (!state.usedAt && state.expiresAt <= this.clock.now()) throw new ConnectFailure('expired');
      if (
        state.usedAt &&
        state.usedAt < this.clock.inSeconds(-this.config.lwa.timeoutSeconds - GRACE_SECONDS)
      )
        throw new ConnectFailure('interrupted');
      await delay(POLL_MILLISECONDS);
    }
    throw new ConnectFailure('unknown');
  }
}

/** The page for what is about this connection; undefined for anything else, such as a database that is down. */
function asFailure(error: unknown): ConnectFailure | undefined {
  if (error instanceof ConnectFailure) return error;
  if (error instanceof LwaError) return new ConnectFailure(FAILURE_OF[error.kind], error);
  return error instanceof Conflict ? new ConnectFailure('owned_by_another', error) : undefined;
}
