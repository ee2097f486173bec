import { Module } from '@nestjs/common';
import { Signals } from './signals.js';

/** What one replica changes, all others hear. */
@Module({ providers: [Signals], exports: [Signals] })
export class SignalsModule {}
