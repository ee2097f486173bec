import { type DynamicModule, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { AdminModule } from './admin/admin.module.js';
import { AuthModule } from './auth/auth.module.js';
import { type Clock } from './common/clock.js';
import { CommonModule } from './common/common.module.js';
import { type RegrantConfig } from './config/config.js';
import { SettingsModule } from './config/settings.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { MailModule } from './mail/mail.module.js';
import { RenewalModule } from './renewal/renewal.module.js';
import { SellersModule } from './sellers/sellers.module.js';

@Module({})
export class AppModule {
  static register(config: RegrantConfig, clock: Clock): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.register(config),
        CommonModule.register(clock),
        DatabaseModule,
        ScheduleModule.forRoot(),
        SellersModule,
        AuthModule,
        RenewalModule.register(config),
        AdminModule,
        MailModule,
        HealthModule,
      ],
    };
  }
}
