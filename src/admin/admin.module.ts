import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { AuthorizationsController } from './authorizations.controller.js';

@Module({ imports: [TokensModule, ApiKeysModule], controllers: [AuthorizationsController] })
export class AdminModule {}
