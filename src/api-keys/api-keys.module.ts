import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule } from '../events/events.module.js';
import { SignalsModule } from '../signals/signals.module.js';
import { ApiKey } from './api-key.entity.js';
import { ApiKeyAdministration } from './api-key-administration.service.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { ApiKeysService } from './api-keys.service.js';
import { LastUses } from './last-uses.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([ApiKey]), EventsModule, SignalsModule],
  providers: [ApiKeysService, ApiKeyAdministration, LastUses, { provide: APP_GUARD, useClass: ApiKeyGuard }],
  exports: [ApiKeysService, ApiKeyAdministration],
})
export class ApiKeysModule {}
