import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ApplicationsService } from '../applications/applications.service.js';
import { Conflict } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';
import { SP_API_TIMEOUT_SECONDS } from '../lwa/http-sp-api.js';
import { LwaError, type LwaFailureKind } from '../lwa/lwa-error.js';
import { type LwaGrant, LwaProvider } from '../lwa/lwa-provider.js';
import { REGIONS } from '../lwa/marketplaces.js';
import { ApplicationGrants } from '../tokens/application-grants.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { belongsToAnother, type NewGrant } from '../tokens/new-grant.js';
import { type Located, RegionCheck } from '../tokens/region-check.service.js';
import { VendingService } from '../tokens/vending.service.js';
import { ConnectFailure, type FailureName } from './connect-failure.js';
import { type OAuthState } from './oauth-state.entity.js';

const FAILURE_OF: Record<LwaFailureKind, FailureName> = {
  grant: 'code_refused',
  client: 'credentials_rejected',
  transient: 'amazon_unavailable',
};
/** Beyond the deadlines of all calls to Amazon: a taken state that did not end by then never will. */
const GRACE_SECONDS = 10;

/** From Amazon's code to a stored grant. */
@Injectable()
export class GrantService {
  private readonly logger = new Logger(GrantService.name);

  /** Seconds after which an exchange that has not ended was interrupted. */
  readonly longestSeconds: number;

  constructor(
    private readonly applications: ApplicationsService,
    private readonly authorizations: AuthorizationsService,
    private readonly regions: RegionCheck,
    private readonly limits: ApplicationGrants,
    private readonly vending: VendingService,
    private readonly lwa: LwaProvider,
    private readonly dataSource: DataSource,
    config: RegrantConfig,
  ) {
    const calls = 2 * config.lwa.timeoutSeconds + REGIONS.length * SP_API_TIMEOUT_SECONDS;
    this.longestSeconds = calls + GRACE_SECONDS;
  }

  /**
   * Exchanges the code, finds out which region the grant is for, and, where it is to replace another one, tries it.
   * Nothing is stored yet.
   * @throws ConnectFailure
   */
  async obtain(state: OAuthState, sellingPartnerId: string, code: string): Promise<NewGrant> {
    if (state.sellingPartnerId && state.sellingPartnerId !== sellingPartnerId)
      throw new ConnectFailure('other_partner');
    const first = await this.callLwa(state, (client) =>
      this.lwa.exchangeCode(client, code, state.redirectUri),
    );
    const located = await this.locate(state, first.accessToken);
    const { applicationId, sellerId, partnerType, marketplaceId, workflow } = state;
    const region = located?.region ?? state.region;
    const replaced = await this.authorizations.byGrant({ applicationId, sellingPartnerId, region });
    if (replaced && belongsToAnother(replaced, sellerId)) throw new ConnectFailure('owned_by_another');
    const { refreshToken } = replaced ? await this.tried(state, first) : first;
    return {
      ...{ applicationId, sellerId, sellingPartnerId, region, partnerType, marketplaceId, workflow },
      refreshToken,
      ...(located && { confirmedMarketplaceIds: chosenFirst(located.marketplaceIds, marketplaceId) }),
    };
  }

  /**
   * Stores the grant and answers its authorization's id.
   * @param also what happens in the same transaction
   * @throws ConnectFailure
   */
  async store(
    grant: NewGrant,
    also: (manager: EntityManager, authorizationId: string) => Promise<void>,
  ): Promise<string> {
    try {
      const id = await this.dataSource.transaction(async (manager) => {
        const authorization = await this.authorizations.connected(manager, grant);
        await also(manager, authorization.id);
        return authorization.id;
      });
      this.vending.forget(id);
      await this.warnOfLimits(grant);
      return id;
    } catch (error) {
      throw error instanceof Conflict ? new ConnectFailure('owned_by_another', error) : error;
    }
  }

  /** The connection is made by now: whatever goes wrong here is not the seller's concern. */
  private async warnOfLimits({ applicationId, workflow }: NewGrant): Promise<void> {
    try {
      await this.limits.warnWhenNearlyFull(await this.applications.byId(applicationId), workflow);
    } catch (error) {
      this.logger.error(error);
    }
  }

  /** For sellers only: the operation that tells does not exist for vendors. */
  private async locate(state: OAuthState, accessToken: string): Promise<Located | undefined> {
    if (state.partnerType === 'vendor') return undefined;
    const located = await this.regions.locate(state.region, accessToken);
    const renewsHere = state.workflow === 'website' && state.sellingPartnerId !== null;
    if (renewsHere && located && located.region !== state.region) throw new ConnectFailure('other_region');
    return located;
  }

  /** A new refresh token must work before the old one is given up. */
  private async tried(state: OAuthState, { refreshToken }: LwaGrant): Promise<LwaGrant> {
    return this.callLwa(state, (client) => this.lwa.refresh(client, refreshToken));
  }

  private async callLwa(
    { applicationId }: OAuthState,
    call: Parameters<typeof this.applications.withClient<LwaGrant>>[1],
  ): Promise<LwaGrant> {
    try {
      // A code dies within minutes, and a person has just consented.
      return await this.applications.withClient(applicationId, call, { urgent: true });
    } catch (error) {
      throw error instanceof LwaError ? new ConnectFailure(FAILURE_OF[error.kind], error) : error;
    }
  }
}

/** The marketplace that the seller chose leads the list, when it is in it. */
function chosenFirst(ids: readonly string[], chosen: string): string[] {
  return [...ids].sort((a, b) => Number(b === chosen) - Number(a === chosen));
}
