import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { ApplicationsModule } from '../applications/applications.module.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { EventsModule } from '../events/events.module.js';
import { LwaModule } from '../lwa/lwa.module.js';
import { SignalsModule } from '../signals/signals.module.js';
import { AccessToken } from './access-token.entity.js';
import { AccessTokens } from './access-tokens.js';
import { Adjustments } from './adjustments.service.js';
import { ApplicationGrants } from './application-grants.js';
import { AuthorizationCounts } from './authorization-counts.js';
import { AuthorizationList } from './authorization-list.js';
import { AuthorizationRegions } from './authorization-regions.service.js';
import { AuthorizationRenewals } from './authorization-renewals.service.js';
import { Authorization } from './authorization.entity.js';
import { AuthorizationsService } from './authorizations.service.js';
import { DueProbes } from './due-probes.service.js';
import { GrantImports } from './grant-imports.service.js';
import { GrantlessController } from './grantless.controller.js';
import { GrantlessTokens } from './grantless-tokens.service.js';
import { LwaEndpointController } from './lwa-endpoint.controller.js';
import { IdleProbes } from './idle-probes.service.js';
import { PartnerLookup } from './partner-lookup.service.js';
import { PartnerTokensController } from './partner-tokens.controller.js';
import { RegionCheck } from './region-check.service.js';
import { RegionRecheck } from './region-recheck.service.js';
import { RestrictedDataController } from './restricted-data.controller.js';
import { RestrictedDataTokens } from './restricted-data-tokens.service.js';
import { TokenRefresh } from './token-refresh.js';
import { UnsavedTokens } from './unsaved-tokens.js';
import { VendingController } from './vending.controller.js';
import { VendingService } from './vending.service.js';
import { WarmVending } from './warm-vending.js';

/** Authorizations, their sealed refresh tokens, and vending. */
@Module({
  imports: [
    TypeOrmModule.forFeature([Authorization, AccessToken]),
    ApiKeysModule,
    ApplicationsModule,
    CryptoModule,
    EventsModule,
    LwaModule,
    SignalsModule,
  ],
  controllers: [
    VendingController,
    PartnerTokensController,
    RestrictedDataController,
    GrantlessController,
    LwaEndpointController,
  ],
  providers: [
    AccessTokens,
    AuthorizationsService,
    AuthorizationList,
    Adjustments,
    ApplicationGrants,
    AuthorizationCounts,
    AuthorizationRegions,
    AuthorizationRenewals,
    DueProbes,
    GrantImports,
    GrantlessTokens,
    IdleProbes,
    PartnerLookup,
    RegionCheck,
    RegionRecheck,
    RestrictedDataTokens,
    TokenRefresh,
    UnsavedTokens,
    VendingService,
    WarmVending,
  ],
  exports: [
    AuthorizationsService,
    AuthorizationList,
    Adjustments,
    ApplicationGrants,
    AuthorizationCounts,
    AuthorizationRenewals,
    GrantImports,
    RegionCheck,
    VendingService,
    WarmVending,
  ],
})
export class TokensModule {}
