import { Module } from '@nestjs/common';
import { HttpLwaProvider } from './http-lwa-provider.js';
import { LwaProvider } from './lwa-provider.js';
import { Marketplaces } from './marketplaces.js';

@Module({
  providers: [{ provide: LwaProvider, useClass: HttpLwaProvider }, Marketplaces],
  exports: [LwaProvider, Marketplaces],
})
export class LwaModule {}
