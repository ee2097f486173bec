import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { ApplicationsModule } from '../applications/applications.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ApplicationsController } from './applications.controller.js';
import { AuthorizationsController } from './authorizations.controller.js';

@Module({
  imports: [TokensModule, ApplicationsModule, ApiKeysModule],
  controllers: [AuthorizationsController, ApplicationsController],
})
export class AdminModule {}
