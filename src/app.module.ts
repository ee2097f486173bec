import { type DynamicModule, Module } from '@nestjs/common';
import { CommonModule } from './common/common.module.js';
import { type RegrantConfig } from './config/config.js';
import { SettingsModule } from './config/settings.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { SellersModule } from './sellers/sellers.module.js';

@Module({})
export class AppModule {
  static register(config: RegrantConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [SettingsModule.register(config), CommonModule, DatabaseModule, SellersModule, HealthModule],
    };
  }
}
