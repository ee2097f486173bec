import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { ApplicationsModule } from '../applications/applications.module.js';
import { CryptoModule } from '../crypto/crypto.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ApplicationsController } from './applications.controller.js';
import { AuthorizationsController } from './authorizations.controller.js';
import { EncryptionController } from './encryption.controller.js';

@Module({
  imports: [TokensModule, ApplicationsModule, ApiKeysModule, CryptoModule],
  controllers: [AuthorizationsController, ApplicationsController, EncryptionController],
})
export class AdminModule {}
