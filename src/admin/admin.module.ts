import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { ApplicationsModule } from '../applications/applications.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { LwaModule } from '../lwa/lwa.module.js';
import { SellersModule } from '../sellers/sellers.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApplicationsController } from './applications.controller.js';
import { AuthorizationsController } from './authorizations.controller.js';
import { ConnectLinksController } from './connect-links.controller.js';
import { EncryptionController } from './encryption.controller.js';
import { OverviewController } from './overview.controller.js';
import { RemindersController } from './reminders.controller.js';
import { RenewalsController } from './renewals.controller.js';
import { SellersController } from './sellers.controller.js';

@Module({
  imports: [
    TokensModule,
    ApplicationsModule,
    ApiKeysModule,
    AuthModule,
    CryptoModule,
    LwaModule,
    SellersModule,
  ],
  controllers: [
    AuthorizationsController,
    ApplicationsController,
    ApiKeysController,
    SellersController,
    ConnectLinksController,
    EncryptionController,
    OverviewController,
    RenewalsController,
    RemindersController,
  ],
})
export class AdminModule {}
