import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationsService } from '../applications/applications.service.js';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { type Marketplace, Marketplaces, type PartnerType } from '../lwa/marketplaces.js';
import { type CallbackParameters } from './callback-parameters.js';
import { ConnectFailure } from './connect-failure.js';
import { type ConnectLink } from './connect-link.entity.js';
import { ConnectLinksService } from './connect-links.service.js';
import { GrantService } from './grant.service.js';
import { type OAuthState } from './oauth-state.entity.js';
import { type Bearer, OAuthStatesService } from './oauth-states.service.js';

export interface ConnectRequest {
  applicationId: string;
  marketplace: Marketplace;
  partnerType: PartnerType;
  /** For a renewal: the selling partner that must come back. */
  sellingPartnerId?: string;
  connectLinkId?: string;
}

const POLL_MILLISECONDS = 200;

/**
 * The website authorization workflow, and the end of every workflow: off to Amazon with a `state`, back with a code.
 * Killed anywhere, it leaves either a stored authorization or a state that is spent; the seller starts again.
 */
@Injectable()
export class ConnectService {
  constructor(
    private readonly states: OAuthStatesService,
    private readonly applications: ApplicationsService,
    private readonly grants: GrantService,
    private readonly links: ConnectLinksService,
    private readonly marketplaces: Marketplaces,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** Answers the consent URL at Seller or Vendor Central. */
  async begin(bearer: Bearer, request: ConnectRequest): Promise<string> {
    const { marketplace, partnerType } = request;
    const { id, applicationId, draft } = await this.applications.byId(request.applicationId);
    const redirectUri = `${this.config.publicUrl}/sp-api/auth`;
    const state = await this.states.create({
      ...bearer,
      applicationId: id,
      region: marketplace.region,
      marketplaceId: marketplace.id,
      partnerType,
      workflow: 'website',
      sellingPartnerId: request.sellingPartnerId ?? null,
      connectLinkId: request.connectLinkId ?? null,
      redirectUri,
    });
    return this.marketplaces.consentUrl(marketplace, partnerType, {
      applicationId,
      state,
      redirectUri,
      draft,
    });
  }

  /** The same for the seller whom a connect link is for. */
  async beginByLink(browserHash: Buffer, link: ConnectLink): Promise<string> {
    const marketplace = this.marketplaces.byId(link.marketplaceId);
    if (!marketplace) throw new ConnectFailure('link_unknown');
    const { applicationId, partnerType, sellerId } = link;
    return this.begin(
      { browserHash, sellerId },
      { applicationId, marketplace, partnerType, connectLinkId: link.id },
    );
  }

  /**
   * Finishes what was begun and answers where the browser goes; for a callback that arrives again, the outcome of the
   * first one.
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
    if (state.connectLinkId)
      return this.links.afterwards(state.connectLinkId, () => this.connectOnce(state, parameters));
    if (!bearer.sellerId) throw new ConnectFailure('signed_out');
    if (state.sellerId !== bearer.sellerId) throw new ConnectFailure('foreign');
    return `/connections/${await this.connectOnce(state, parameters)}`;
  }

  /** Answers the authorization's id. Without a code the state stays as it is: the seller may still come back with one. */
  private async connectOnce(state: OAuthState, parameters: CallbackParameters): Promise<string> {
    const { code, sellingPartnerId } = parameters;
    if (!code || !sellingPartnerId) throw ConnectFailure.atAmazon(parameters.amazonError);
    return (await this.states.take(state))
      ? this.connect(state, { code, sellingPartnerId })
      : this.outcomeOf(state, parameters.state);
  }

  private async connect(
    state: OAuthState,
    { code, sellingPartnerId }: { code: string; sellingPartnerId: string },
  ): Promise<string> {
    try {
      const grant = await this.grants.obtain(state, sellingPartnerId, code);
      // One transaction for the grant and the end of its state: the seller hears of it only after both are there.
      return await this.grants.store(grant, async (manager, authorizationId) => {
        if (state.connectLinkId) await this.links.use(manager, state.connectLinkId);
        await this.states.succeeded(manager, state, authorizationId);
      });
    } catch (error) {
      // The database itself may be what failed: the state then stays taken, which reads as interrupted later on.
      const reason = error instanceof ConnectFailure ? error.reason : 'interrupted';
      await this.states.failed(state, reason).catch(() => undefined);
      throw error;
    }
  }

  /** For a callback that did not get the state: waits while the first one is at work, then answers as it did. */
  private async outcomeOf(seen: OAuthState, value: string): Promise<string> {
    for (let state: OAuthState | null = seen; state; state = await this.states.find(value)) {
      if (state.authorizationId) return state.authorizationId;
      if (state.failure) throw ConnectFailure.named(state.failure);
      if (!state.usedAt && state.expiresAt <= this.clock.now()) throw new ConnectFailure('expired');
      if (state.usedAt && state.usedAt < this.clock.inSeconds(-this.grants.longestSeconds))
        throw new ConnectFailure('interrupted');
      await delay(POLL_MILLISECONDS);
    }
    throw new ConnectFailure('unknown');
  }
}
