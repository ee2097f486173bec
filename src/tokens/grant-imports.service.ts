import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Application } from '../applications/application.entity.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Clock } from '../common/clock.js';
import { InvalidRequest } from '../common/errors.js';
import { type Region } from '../config/config.js';
import { LwaError } from '../lwa/lwa-error.js';
import { amazonUnavailable, credentialsRejected } from '../lwa/lwa-problems.js';
import { type LwaGrant, LwaProvider } from '../lwa/lwa-provider.js';
import { Marketplaces, type PartnerType } from '../lwa/marketplaces.js';
import { Adjustments } from './adjustments.service.js';
import { ApplicationGrants } from './application-grants.js';
import { type Authorization, type Workflow } from './authorization.entity.js';
import { AuthorizationsService } from './authorizations.service.js';
import { requireSeller } from './existing-seller.js';
import { type NewGrant } from './new-grant.js';
import { RegionCheck } from './region-check.service.js';
import { VendingService } from './vending.service.js';

/** A grant that was made elsewhere: copied from Amazon's self-authorization page, or kept by another system so far. */
export interface ImportedGrant {
  /** Our id or Amazon's; needed only where several come into question. */
  applicationId?: string;
  sellingPartnerId: string;
  region?: Region;
  marketplaceId?: string;
  /** What is left out below stays as it is where the grant is known, else as the API documents. */
  partnerType?: PartnerType;
  refreshToken: string;
  workflow?: Workflow;
  authorizedAt?: Date;
  sellerId?: string;
  contactEmail?: string;
  /** Whether one exchange must succeed first. */
  verify?: boolean;
}

/** The program that imports. */
export interface Importer {
  actor: string;
  /** The applications it is limited to; null: none in particular. */
  applicationIds: readonly string[] | null;
}

export interface ImportOutcome {
  outcome: 'created' | 'updated';
  authorization: Authorization;
}

type Seen = Pick<NewGrant, 'refreshToken' | 'confirmedMarketplaceIds'>;

/** Clocks differ: this many seconds of the future still count as now. */
const CLOCK_TOLERANCE_SECONDS = 60;

const wrong = (path: string, message: string, cause?: unknown): InvalidRequest =>
  new InvalidRequest('Some fields are not valid.', [{ path, message }], { cause });

/** Takes in refresh tokens that did not come by a consent on our pages. */
@Injectable()
export class GrantImports {
  constructor(
    private readonly applications: ApplicationsService,
    private readonly authorizations: AuthorizationsService,
    private readonly adjustments: Adjustments,
    private readonly grants: ApplicationGrants,
    private readonly regions: RegionCheck,
    private readonly vending: VendingService,
    private readonly marketplaces: Marketplaces,
    private readonly lwa: LwaProvider,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores a grant, or its new token where it is known already; the same one sent again changes nothing. Amazon is asked
   * before anything is stored, and without holding a database connection.
   * @throws InvalidRequest for fields that do not fit, a token that Amazon refuses or that is for another region,
   * `application_credentials_rejected`, `amazon_unavailable`; nothing is stored then
   */
  async accept(grant: ImportedGrant, importer: Importer): Promise<ImportOutcome> {
    const application = await this.applications.named(grant.applicationId, importer.applicationIds);
    const region = this.marketplaces.regionOf(grant);
    if (grant.authorizedAt && grant.authorizedAt > this.clock.inSeconds(CLOCK_TOLERANCE_SECONDS))
      throw wrong('authorizedAt', 'must not be in the future');
    await this.requireSeller(grant);

    const seen = grant.verify === false ? {} : await this.verify(application, region, grant);
    const stored = await this.dataSource.transaction((manager) =>
      this.store(manager, application, region, { ...grant, ...seen }, importer.actor),
    );
    this.vending.forget(stored.authorization.id);
    if (stored.outcome === 'created')
      await this.grants.warnWhenNearlyFull(application, stored.authorization.workflow);
    return stored;
  }

  /** Once before Amazon is asked, and again (`store`) so that the account stays until the grant is stored. */
  private async requireSeller({ sellerId }: ImportedGrant): Promise<void> {
    if (sellerId) await this.dataSource.transaction((manager) => requireSeller(manager, sellerId));
  }

  /**
   * What Amazon says about the token: the refresh token it answers with (the same one usually, but its word counts), and
   * where the seller sells, if it tells.
   */
  private async verify(application: Application, region: Region, grant: ImportedGrant): Promise<Seen> {
    const { refreshToken, accessToken } = await this.exchange(application, grant.refreshToken);
    if (grant.partnerType === 'vendor') return { refreshToken };
    const located = await this.regions.locate(region, accessToken);
    if (located && located.region !== region)
      throw wrong(
        grant.region ? 'region' : 'marketplaceId',
        `does not fit: Amazon says that this token is for the region ${located.region}`,
      );
    return { refreshToken, confirmedMarketplaceIds: located?.marketplaceIds };
  }

  private async exchange(application: Application, token: string): Promise<LwaGrant> {
    try {
      return await this.applications.withClient(application.id, (client) => this.lwa.refresh(client, token));
    } catch (error) {
      throw error instanceof LwaError ? refusal(error) : error;
    }
  }

  private async store(
    manager: EntityManager,
    application: Application,
    region: Region,
    grant: ImportedGrant & Partial<Seen>,
    actor: string,
  ): Promise<ImportOutcome> {
    const { sellingPartnerId, refreshToken, verify = true } = grant;
    const key = { applicationId: application.id, sellingPartnerId, region };
    await this.applications.hold(manager, application.id);
    if (grant.sellerId) await requireSeller(manager, grant.sellerId);
    const existing = await this.authorizations.lockGrant(manager, key);
    const known =
      existing?.sealedRefreshToken && (await this.authorizations.refreshToken(existing)) === refreshToken;
    if (existing && known) {
      const changed = await this.adjustments.changed(manager, existing, said(grant, existing), actor);
      const authorization = verify ? await this.authorizations.confirmed(manager, changed) : changed;
      return { outcome: 'updated', authorization };
    }
    const authorization = await this.authorizations.connected(manager, {
      ...key,
      refreshToken,
      actor,
      verified: verify,
      sellerId: grant.sellerId,
      contactEmail: grant.contactEmail,
      marketplaceId: grant.marketplaceId,
      confirmedMarketplaceIds: grant.confirmedMarketplaceIds,
      authorizedAt: grant.authorizedAt,
      partnerType: grant.partnerType ?? existing?.partnerType ?? 'seller',
      workflow: grant.workflow ?? 'self',
    });
    return { outcome: existing ? 'updated' : 'created', authorization };
  }
}

/** What an import of a known token says about it beyond the token. */
function said(grant: ImportedGrant, existing: Authorization): Partial<Authorization> {
  const { partnerType, workflow, authorizedAt, sellerId, contactEmail, marketplaceId } = grant;
  const marketplaceIds = marketplaceId && [...new Set([...existing.marketplaceIds, marketplaceId])];
  return {
    ...(partnerType && { partnerType }),
    ...(workflow && { workflow }),
    ...(authorizedAt && { authorizedAt }),
    ...(sellerId && { sellerId }),
    ...(contactEmail && { contactEmail }),
    ...(marketplaceIds && { marketplaceIds }),
  };
}

/** Whose failure LWA's refusal is. Its own word is told, the token never. */
function refusal(error: LwaError): Error {
  if (error.kind === 'transient') return amazonUnavailable(error);
  if (error.reason === 'invalid_client') return credentialsRejected(error);
  const reasons: Record<string, string> = {
    invalid_grant: 'the seller has revoked it, or it is not a refresh token',
    unauthorized_client: 'it was given to another application',
  };
  const reason = reasons[error.reason] ?? 'it is not acceptable';
  return wrong('refreshToken', `is refused by Login with Amazon (${error.reason}): ${reason}`, error);
}
