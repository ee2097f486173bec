import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApplicationsModule } from '../applications/applications.module.js';
import { EventsModule } from '../events/events.module.js';
import { LwaModule } from '../lwa/lwa.module.js';
import { SellersModule } from '../sellers/sellers.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AccountDeletionController } from './account-deletion.controller.js';
import { AccountDeletion } from './account-deletion.service.js';
import { AmazonErrorsController } from './amazon-errors.controller.js';
import { AppstoreService } from './appstore.service.js';
import { CallbackController } from './callback.controller.js';
import { ConnectLinkController } from './connect-link.controller.js';
import { ConnectLink } from './connect-link.entity.js';
import { ConnectLinksService } from './connect-links.service.js';
import { ConnectService } from './connect.service.js';
import { ConnectionsController } from './connections.controller.js';
import { GrantService } from './grant.service.js';
import { LoginUriController } from './login-uri.controller.js';
import { OAuthState } from './oauth-state.entity.js';
import { OAuthStatesService } from './oauth-states.service.js';

/** The OAuth dance with Amazon, and the pages around it. */
@Module({
  imports: [
    TypeOrmModule.forFeature([OAuthState, ConnectLink]),
    ApplicationsModule,
    EventsModule,
    LwaModule,
    SellersModule,
    TokensModule,
  ],
  controllers: [
    ConnectionsController,
    LoginUriController,
    CallbackController,
    ConnectLinkController,
    AmazonErrorsController,
    AccountDeletionController,
  ],
  providers: [
    AppstoreService,
    ConnectService,
    ConnectLinksService,
    GrantService,
    OAuthStatesService,
    AccountDeletion,
  ],
  exports: [ConnectLinksService, AccountDeletion],
})
export class AuthModule {}
