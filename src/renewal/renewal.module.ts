import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApplicationsModule } from '../applications/applications.module.js';
import { type RegrantConfig } from '../config/config.js';
import { EventsModule } from '../events/events.module.js';
import { MailModule } from '../mail/mail.module.js';
import { TokensModule } from '../tokens/tokens.module.js';
import { ClientSecretCountdown } from './client-secret-countdown.service.js';
import { ClientSecretReminder } from './client-secret-reminder.entity.js';
import { Reminders } from './reminders.service.js';
import { RenewalFlag } from './renewal-flag.entity.js';
import { RenewalReminder } from './renewal-reminder.entity.js';
import { RenewalRun } from './renewal-run.entity.js';
import { RenewalRuns } from './renewal-runs.service.js';
import { RenewalSchedule, renewalScheduleFor } from './renewal-schedule.js';
import { RenewalSteps } from './renewal-steps.service.js';
import { RenewalWork } from './renewal-work.service.js';

/** Who must authorize again, and that they are told in time. */
@Module({})
export class RenewalModule {
  static register(config: RegrantConfig): DynamicModule {
    return {
      module: RenewalModule,
      // The routes of `admin` are over it.
      global: true,
      imports: [
        TypeOrmModule.forFeature([RenewalRun, RenewalReminder, RenewalFlag, ClientSecretReminder]),
        ApplicationsModule,
        EventsModule,
        MailModule,
        TokensModule,
      ],
      providers: [
        RenewalRuns,
        RenewalSteps,
        RenewalWork,
        ClientSecretCountdown,
        Reminders,
        { provide: RenewalSchedule, useClass: renewalScheduleFor(config) },
      ],
      exports: [RenewalRuns, RenewalWork, Reminders],
    };
  }
}
