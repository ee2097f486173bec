import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { isDatabaseDown, reasonOf } from '../common/error-meaning.js';
import { isError } from '../common/logger.js';
import { EventLog } from '../events/event-log.js';
import { Mails } from '../mail/mails.service.js';
import { AuthorizationRenewals } from '../tokens/authorization-renewals.service.js';
import { ClientSecretCountdown } from './client-secret-countdown.service.js';
import { inParallel } from './in-parallel.js';
import { type RenewalRun, type RunTrigger } from './renewal-run.entity.js';
import { LEASE_SECONDS, LeaseLost, RenewalRuns } from './renewal-runs.service.js';
import { RenewalSteps } from './renewal-steps.service.js';

/** How often a process looks for a run that nobody works on any more. */
const TAKE_OVER_EVERY_MS = 5_000;
/** Authorizations at the same time: enough to hide the way to the database, few enough to leave it to requests. */
const IN_PARALLEL = 4;
/** So many reminders of a run go out at once; the others wait until it is over, as their mails would slow it down. */
const AT_ONCE = 100;
/** A run that so many processes could not end will not be ended by the next one either. */
const MOST_ATTEMPTS = 20;
/** How many of those that are due the operator's mail names. */
const NAMED_IN_DIGEST = 10;

/** This process is asked to end. */
class Interrupted extends Error {}

type Tally = Pick<RenewalRun, 'examined' | 'flaggedDue' | 'flaggedOverdue' | 'remindersQueued' | 'failures'>;

/**
 * Works on renewal runs. Whoever starts one only adds a row; the process that claims it works, and when that process is
 * gone, another one goes on. What is left to do follows from the authorizations themselves.
 */
@Injectable()
export class RenewalWork implements OnModuleDestroy {
  private readonly logger = new Logger('RenewalRun');
  private working: Promise<void> | undefined;
  private ending = false;

  constructor(
    private readonly runs: RenewalRuns,
    private readonly steps: RenewalSteps,
    private readonly renewals: AuthorizationRenewals,
    private readonly secrets: ClientSecretCountdown,
    private readonly mails: Mails,
    private readonly events: EventLog,
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Starts a run, or answers the one that is going already with `started: false`. It goes on in the background. */
  async start(trigger: RunTrigger): Promise<{ run: RenewalRun; started: boolean }> {
    const run = await this.runs.add(trigger);
    const running = run ?? (await this.runs.running());
    // One that ended in between made room for ours.
    if (!running) return this.start(trigger);
    this.nudge();
    return { run: running, started: run !== null };
  }

  /** Starts the run of that moment of the schedule, unless it had one or another is going. */
  async startFor(tick: Date, trigger: RunTrigger): Promise<void> {
    if (await this.runs.add(trigger, tick)) this.nudge();
  }

  /** Resolves when this process works on no run. */
  async idle(): Promise<void> {
    while (this.working) await this.working;
  }

  /** Ends after what is under way, so that another process, or the next start, goes on at once. */
  async onModuleDestroy(): Promise<void> {
    this.ending = true;
    await this.working;
  }

  /** Works on the run that nobody works on, if there is one. */
  @Interval(TAKE_OVER_EVERY_MS)
  nudge(): void {
    if (this.ending) return;
    this.working ??= this.workIfFree()
      .catch((error: unknown) => this.brokenOff(error))
      .finally(() => (this.working = undefined));
  }

  private async workIfFree(): Promise<void> {
    const run = await this.runs.claim();
    if (!run) return;
    const lease = setInterval(() => void this.extend(run), (LEASE_SECONDS * 1000) / 3);
    try {
      await this.work(run);
    } finally {
      clearInterval(lease);
    }
  }

  private async work(run: RenewalRun): Promise<void> {
    const { examined, flaggedDue, flaggedOverdue, remindersQueued, failures, attempts } = run;
    const tally = { examined, flaggedDue, flaggedOverdue, remindersQueued, failures };
    this.logger.log({ message: 'working', runId: run.id, trigger: run.trigger, attempts });
    if (attempts > MOST_ATTEMPTS) return this.finish(run, tally, 'failed');
    const now = this.clock.now();
    if (await this.runs.reminderDaysChanged(run)) await this.renewals.forgetPlans();
    for await (const ids of this.renewals.toLookAt(now)) {
      await inParallel(ids, IN_PARALLEL, (id) => this.look(run.id, id, now, tally));
      await this.runs.progress(run.id, tally);
      this.logger.log({ message: 'progress', runId: run.id, ...tally });
    }
    const hopeless = tally.failures > 0 && tally.failures === tally.examined;
    tally.failures += await this.secrets.remind(run.id, now);
    await this.finish(run, tally, hopeless ? 'failed' : 'succeeded');
  }

  /** One that fails does not stop the others; the next run tries it again. */
  private async look(runId: string, id: string, now: Date, tally: Tally): Promise<void> {
    if (this.ending) throw new Interrupted();
    try {
      const { flagged, reminded } = await this.steps.take(runId, id, now, tally.remindersQueued >= AT_ONCE);
      if (flagged === 'due') tally.flaggedDue += 1;
      if (flagged === 'overdue') tally.flaggedOverdue += 1;
      if (reminded) tally.remindersQueued += 1;
    } catch (error) {
      // Not this row's fault: whoever claims the run next goes on.
      if (isError(error) && isDatabaseDown(error)) throw error;
      tally.failures += 1;
      this.logger.error({ message: 'failure', runId, authorizationId: id, reason: reasonOf(error) });
    }
    tally.examined += 1;
  }

  private async finish(run: RenewalRun, tally: Tally, status: 'succeeded' | 'failed'): Promise<void> {
    const { id, trigger } = run;
    await this.dataSource.transaction(async (manager) => {
      const finishedAt = this.clock.now();
      const change = { ...tally, status, finishedAt, reminderDays: this.runs.reminderDays };
      await this.runs.progress(id, change, manager);
      await this.events.append(manager, {
        type: 'renewal.run_finished',
        actor: 'regrant',
        data: { runId: id, trigger, status, ...tally },
      });
      const { flaggedDue, flaggedOverdue, remindersQueued, failures } = tally;
      if (!flaggedDue && !flaggedOverdue && !remindersQueued && !failures) return;
      const { items } = await this.renewals.page({}, NAMED_IN_DIGEST);
      await this.mails.queue(manager, {
        key: `renewal-digest.${id}`,
        template: 'renewal-digest',
        recipient: 'operator',
        data: {
          runId: id,
          ...{ flaggedDue, flaggedOverdue, remindersQueued, failures },
          soonest: items.map(({ id: authorizationId, sellingPartnerId, region, renewalDueAt }) => ({
            ...{ authorizationId, sellingPartnerId, region },
            dueAt: renewalDueAt?.toISOString() ?? '',
          })),
        },
      });
    });
    this.logger.log({ message: 'finished', runId: id, status, ...tally });
  }

  /** Between the steps as well, which may wait for a row; what fails here is noticed by the next progress. */
  private async extend({ id }: RenewalRun): Promise<void> {
    await this.runs.progress(id).catch(() => undefined);
  }

  private async brokenOff(error: unknown): Promise<void> {
    if (error instanceof LeaseLost) return;
    if (!(error instanceof Interrupted)) {
      // Tried again by whoever claims the run once the lease has ended: after a pause, that is.
      this.logger.warn({ message: 'broken off', reason: reasonOf(error) });
      return;
    }
    await this.runs.release().catch(() => undefined);
  }
}
