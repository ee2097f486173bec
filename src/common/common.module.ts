import { type DynamicModule, Module } from '@nestjs/common';
import { Clock } from './clock.js';

/** What every module may ask for without importing it. */
@Module({})
export class CommonModule {
  static register(clock: Clock): DynamicModule {
    return {
      module: CommonModule,
      global: true,
      providers: [{ provide: Clock, useValue: clock }],
      exports: [Clock],
    };
  }
}
