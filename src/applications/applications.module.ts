import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CryptoModule } from '../crypto/crypto.module.js';
import { EventsModule } from '../events/events.module.js';
import { LwaModule } from '../lwa/lwa.module.js';
import { ApplicationClientSecret } from './application-client-secret.entity.js';
import { Application } from './application.entity.js';
import { ApplicationsService } from './applications.service.js';
import { SignalsModule } from '../signals/signals.module.js';
import { CredentialsBreaker } from './credentials-breaker.js';
import { ClientSecrets } from './client-secrets.service.js';
import { FirstApplication } from './first-application.js';
import { Witnesses } from './witnesses.js';

@Module({
  imports: [
    TypeOrmModule.forFeature([Application, ApplicationClientSecret]),
    CryptoModule,
    EventsModule,
    LwaModule,
    SignalsModule,
  ],
  providers: [ApplicationsService, ClientSecrets, CredentialsBreaker, FirstApplication, Witnesses],
  exports: [ApplicationsService, ClientSecrets, CredentialsBreaker],
})
export class ApplicationsModule {}
