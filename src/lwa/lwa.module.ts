import { Module } from '@nestjs/common';
import { HttpLwaProvider } from './http-lwa-provider.js';
import { HttpSpApi } from './http-sp-api.js';
import { LwaProvider } from './lwa-provider.js';
import { Marketplaces } from './marketplaces.js';
import { SpApi } from './sp-api.js';

@Module({
  providers: [
    { provide: LwaProvider, useClass: HttpLwaProvider },
    { provide: SpApi, useClass: HttpSpApi },
    Marketplaces,
  ],
  exports: [LwaProvider, SpApi, Marketplaces],
})
export class LwaModule {}
