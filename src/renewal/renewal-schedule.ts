import { Injectable, type Type } from '@nestjs/common';
import { Cron, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { Clock } from '../common/clock.js';
import { type RegrantConfig } from '../config/config.js';
import { AuthorizationRenewals } from '../tokens/authorization-renewals.service.js';
import { type RunTrigger } from './renewal-run.entity.js';
import { RenewalRuns } from './renewal-runs.service.js';
import { RenewalWork } from './renewal-work.service.js';

/** Timers may fire a little early. */
const TOLERANCE_SECONDS = 1;

/** Starts runs by the clock, on every replica: the first one to come adds the run of that moment. */
export abstract class RenewalSchedule {
  /** Starts the run that should have started since the last one, if there is such a moment. */
  abstract startIfMissed(trigger: RunTrigger): Promise<void>;
  /** The next moment of RENEWAL_CRON in RENEWAL_TIMEZONE after that one. */
  abstract nextAfter(moment: Date): Date;
}

/** Made for the configuration, because the schedule stands in a decorator. */
export function renewalScheduleFor({ renewal }: RegrantConfig): Type<RenewalSchedule> {
  const { cron, timeZone } = renewal;

  @Injectable()
  class ConfiguredSchedule extends RenewalSchedule {
    constructor(
      private readonly runs: RenewalRuns,
      private readonly work: RenewalWork,
      private readonly renewals: AuthorizationRenewals,
      private readonly registry: SchedulerRegistry,
      private readonly clock: Clock,
    ) {
      super();
    }

    @Cron(cron, { name: 'renewal', timeZone })
    async onSchedule(): Promise<void> {
      await this.startIfMissed('schedule');
    }

    // Right after the start, when the schedule stands.
    @Timeout(0)
    async onStart(): Promise<void> {
      await this.startIfMissed('startup');
    }

    async startIfMissed(trigger: RunTrigger): Promise<void> {
      const last = await this.runs.last();
      const since = last?.startedAt ?? (await this.renewals.since());
      if (!since) return;
      const tick = this.nextAfter(since);
      if (tick <= this.clock.inSeconds(TOLERANCE_SECONDS)) await this.work.startFor(tick, trigger);
    }

    nextAfter(moment: Date): Date {
      const { cronTime } = this.registry.getCronJob('renewal');
      const [, , hours = '*'] = cronTime.toJSON();
      let next = cronTime.getNextDateFrom(moment, timeZone);
      // On the day when clocks are set back it also answers an hour early, at an hour that is not of the schedule. When
      // they are set forward, the end of the skipped hour does stand for the hours within.
      while (!isAmong(hours, next.hour) && next.offset <= next.minus({ minutes: 1 }).offset)
        next = cronTime.getNextDateFrom(next.toJSDate(), timeZone);
      return next.toJSDate();
    }
  }
  return ConfiguredSchedule;
}

const isAmong = (hours: string, hour: number): boolean =>
  hours === '*' || hours.split(',').includes(String(hour));
