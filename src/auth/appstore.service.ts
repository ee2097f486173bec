import { Injectable } from '@nestjs/common';
import { type Application } from '../applications/application.entity.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { type Region, RegrantConfig } from '../config/config.js';
import { type Marketplace, Marketplaces, type PartnerType } from '../lwa/marketplaces.js';
import { type Authorization } from '../tokens/authorization.entity.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { belongsToAnother } from '../tokens/new-grant.js';
import { type AmazonCallback, readAmazonCallback } from './amazon-callback.js';
import { ConnectFailure } from './connect-failure.js';
import { LoginRefused, type LoginRequest, readLoginRequest } from './login-request.js';
import { type Bearer, OAuthStatesService } from './oauth-states.service.js';

/** Amazon's own front doors, which belong to no marketplace in particular. */
const AMAZON_ORIGINS = new Set(['https://amazon.com', 'https://www.amazon.com']);

/** A visit to the log-in URI, understood. */
export interface AppstoreVisit {
  request: LoginRequest;
  callback: AmazonCallback;
  application: Application;
  /** What this selling partner has connected already; then the visit is a renewal. */
  known: Authorization[];
  partnerType: PartnerType;
  /** Where the seller may be selling; one of them is to be chosen when there are several. */
  marketplaces: readonly Marketplace[];
}

/**
 * The Selling Partner Appstore workflow, from the log-in URI on. Every re-authorization comes through here too, also
 * that of a seller who connected on our website.
 */
@Injectable()
export class AppstoreService {
  constructor(
    private readonly states: OAuthStatesService,
    private readonly applications: ApplicationsService,
    private readonly authorizations: AuthorizationsService,
    private readonly marketplaces: Marketplaces,
    private readonly config: RegrantConfig,
  ) {}

  /**
   * What the log-in URI was opened for. Trusts nothing of it: the application must be one of ours, because the
   * `state` that we are about to make would otherwise end at somebody else's redirect URI.
   * @throws LoginRefused
   */
  async understand(url: string): Promise<AppstoreVisit> {
    const request = readLoginRequest(url);
    const callback = readAmazonCallback(request.callbackUri, (origin) => this.isAmazon(origin));
    if (!callback) throw new LoginRefused('foreign_callback');
    const application = await this.applications.byAmazonId(callback.applicationId);
    if (!application) throw new LoginRefused('unknown_application');
    const known = await this.authorizations.ofPartner(application.id, request.sellingPartnerId);
    const here = callback.url ? this.marketplaces.atHost(callback.url.host) : undefined;
    return {
      ...{ request, callback, application, known },
      partnerType: here?.marketplaces.length ? here.partnerType : (known[0]?.partnerType ?? 'seller'),
      marketplaces: this.possible(here?.marketplaces ?? [], known),
    };
  }

  /** @throws ConnectFailure when all that is known of this selling partner belongs to another account */
  assertOwn({ known }: AppstoreVisit, sellerId: string): void {
    if (known.length && known.every((row) => belongsToAnother(row, sellerId)))
      throw new ConnectFailure('owned_by_another');
  }

  /** Answers where the browser goes on: Amazon's confirmation, with our `state` and Amazon's own. */
  async begin(bearer: Bearer, visit: AppstoreVisit, marketplace: Marketplace): Promise<string> {
    const { request, callback, application, partnerType } = visit;
    this.assertOwn(visit, bearer.sellerId);
    const redirectUri = `${this.config.publicUrl}/sp-api/auth`;
    const state = await this.states.create({
      ...bearer,
      applicationId: application.id,
      region: marketplace.region,
      marketplaceId: marketplace.id,
      partnerType,
      workflow: 'appstore',
      sellingPartnerId: request.sellingPartnerId,
      connectLinkId: null,
      redirectUri,
    });
    const origin = callback.url?.origin ?? this.marketplaces.consentOrigin(marketplace, partnerType);
    const own = new URLSearchParams({ state, redirect_uri: redirectUri });
    if (application.draft || request.beta) own.set('version', 'beta');
    return `${origin}${callback.path}?amazon_state=${request.rawAmazonState}&${own.toString()}`;
  }

  private isAmazon(origin: string): boolean {
    if (AMAZON_ORIGINS.has(origin) || this.config.amazonHostsExtra.includes(origin)) return true;
    const { protocol, host } = new URL(origin);
    return protocol === 'https:' && this.marketplaces.atHost(host).marketplaces.length > 0;
  }

  /** Nothing in the protocol names the region: the host may, else what we know, else the seller must. */
  private possible(here: readonly Marketplace[], known: Authorization[]): readonly Marketplace[] {
    const all = here.length ? here : this.marketplaces.all;
    const [only, ...more] = new Set<Region>(known.map(({ region }) => region));
    if (!only || more.length) return all;
    const [first] = known.flatMap(({ marketplaceIds }) => marketplaceIds);
    const marketplace = all.find(({ id }) => id === first) ?? all.find(({ region }) => region === only);
    return marketplace ? [marketplace] : all;
  }
}
