import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RegrantConfig } from '../config/config.js';
import { EventsModule } from '../events/events.module.js';
import { configuredKeyProvider } from './configured-key-provider.js';
import { DataKeyRow } from './data-key.entity.js';
import { DataKeys } from './data-keys.service.js';
import { EncryptionRotation } from './encryption-rotation.entity.js';
import { KeyCheck } from './key-check.js';
import { KeyProvider } from './key-provider.js';
import { KeyUsage } from './key-usage.js';
import { Resealing } from './resealing.js';
import { Rotations } from './rotations.service.js';
import { SealedValues } from './sealed-values.js';
import { Sealer } from './sealer.js';

/** Sealing of secrets under data keys, and the change of keys while the service runs. */
@Module({
  imports: [TypeOrmModule.forFeature([DataKeyRow, EncryptionRotation]), EventsModule],
  providers: [
    { provide: KeyProvider, inject: [RegrantConfig], useFactory: configuredKeyProvider },
    SealedValues,
    KeyCheck,
    DataKeys,
    Sealer,
    Resealing,
    Rotations,
    KeyUsage,
  ],
  exports: [Sealer, Rotations, KeyUsage],
})
export class CryptoModule {}
