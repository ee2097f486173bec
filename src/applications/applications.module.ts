import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CryptoModule } from '../crypto/crypto.module.js';
import { EventsModule } from '../events/events.module.js';
import { LwaModule } from '../lwa/lwa.module.js';
import { ApplicationClientSecret } from './application-client-secret.entity.js';
import { Application } from './application.entity.js';
import { ApplicationsService } from './applications.service.js';
import { ClientSecrets } from './client-secrets.service.js';
import { FirstApplication } from './first-application.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Application, ApplicationClientSecret]),
    CryptoModule,
    EventsModule,
    LwaModule,
  ],
  providers: [ApplicationsService, ClientSecrets, FirstApplication],
  exports: [ApplicationsService, ClientSecrets],
})
export class ApplicationsModule {}
