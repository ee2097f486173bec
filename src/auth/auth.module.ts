import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApplicationsModule } from '../applications/applications.module.js';
import { EventsModule } from '../events/events.module.js';
import { LwaModule } from '../lwa/lwa.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { SellersModule } from '../sellers/sellers.module.js';
import { AccountDeletionController } from './account-deletion.controller.js';
import { AccountDeletion } from './account-deletion.service.js';
import { CallbackController } from './callback.controller.js';
import { ConnectService } from './connect.service.js';
import { ConnectionsController } from './connections.controller.js';
import { OAuthState } from './oauth-state.entity.js';
import { OAuthStatesService } from './oauth-states.service.js';

/** The OAuth dance with Amazon, and the pages around it. */
@Module({
  imports: [
    TypeOrmModule.forFeature([OAuthState]),
    ApplicationsModule,
    EventsModule,
    LwaModule,
    SellersModule,
    TokensModule,
  ],
  controllers: [ConnectionsController, CallbackController, AccountDeletionController],
  providers: [ConnectService, OAuthStatesService, AccountDeletion],
  exports: [AccountDeletion],
})
export class AuthModule {}
