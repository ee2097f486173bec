import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import { Clock } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import { type PageOf, readPage } from '../common/paging.js';
import { RegrantConfig } from '../config/config.js';
import { RenewalFlag } from './renewal-flag.entity.js';
import { RenewalReminder } from './renewal-reminder.entity.js';
import { RenewalRun, type RunTrigger } from './renewal-run.entity.js';

/** A process that does not extend its lease for so long counts as dead. */
export const LEASE_SECONDS = 10;

/** Another process works on the run by now, or it is over. */
export class LeaseLost extends Error {}

/** The rows of runs: one at a time across all replicas, kept as the history afterwards. */
@Injectable()
export class RenewalRuns {
  /** Names this process. */
  private readonly owner = randomUUID();

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds a run for whoever claims it.
   * @param tick the moment of the schedule that it stands for
   * @returns false when one is running, or that moment had its run
   */
  async add(trigger: RunTrigger, tick?: Date): Promise<RenewalRun | null> {
    const id = randomUUID();
    const row = { id, trigger, tick, startedAt: this.clock.now(), reminderDays: this.reminderDays };
    const insert = this.dataSource.createQueryBuilder().insert().into(RenewalRun).values(row);
    const { raw } = (await insert.orIgnore().returning('id').execute()) as { raw: unknown[] };
    return raw.length ? this.byId(id) : null;
  }

  /** @throws NotFound */
  async byId(id: string): Promise<RenewalRun> {
    const run = await this.dataSource.manager.findOneBy(RenewalRun, { id });
    if (!run) throw new NotFound('There is no such run.');
    return run;
  }

  async running(): Promise<RenewalRun | null> {
    return this.dataSource.manager.findOneBy(RenewalRun, { status: 'running' });
  }

  /** The newest one, over or not; null before the first. */
  async last(): Promise<RenewalRun | null> {
    const [run] = await this.newest(1);
    return run ?? null;
  }

  /** All of them, newest first. */
  async page(limit: number, cursor?: string): Promise<PageOf<RenewalRun>> {
    const query = this.dataSource.manager.createQueryBuilder(RenewalRun, 'run');
    return readPage(query, limit, cursor, { by: 'startedAt', newestFirst: true });
  }

  /** Takes the run that nobody works on, if there is one. What others did on it already is in its numbers. */
  async claim(): Promise<RenewalRun | null> {
    const now = this.clock.now();
    const { raw } = (await this.dataSource
      .createQueryBuilder()
      .update(RenewalRun)
      .set({ owner: this.owner, leaseExpiresAt: this.leaseEnd(), attempts: () => 'attempts + 1' })
      .where(`status = 'running' AND (lease_expires_at IS NULL OR lease_expires_at <= :now)`, { now })
      .returning('id')
      .execute()) as { raw: { id: string }[] };
    const [claimed] = raw;
    if (!claimed) return null;
    const run = await this.byId(claimed.id);
    return run.attempts > 1 ? { ...run, ...(await this.recount(run)) } : run;
  }

  /** Whether reminders are set to other days than in the run before this one; before the first run nothing is set. */
  async reminderDaysChanged(run: RenewalRun): Promise<boolean> {
    const before = (await this.newest(2)).find(({ id }) => id !== run.id);
    return before !== undefined && before.reminderDays !== this.reminderDays;
  }

  /** Writes how far it is, and extends the lease. @throws LeaseLost */
  async progress(
    id: string,
    change: QueryDeepPartialEntity<RenewalRun> = {},
    manager: EntityManager = this.dataSource.manager,
  ): Promise<void> {
    const { affected } = await manager.update(
      RenewalRun,
      { id, owner: this.owner, status: 'running' },
      { ...change, leaseExpiresAt: this.leaseEnd() },
    );
    if (!affected) throw new LeaseLost();
  }

  /** Another process may go on at once. */
  async release(): Promise<void> {
    const mine = { owner: this.owner, status: 'running' } as const;
    await this.dataSource.manager.update(RenewalRun, mine, { leaseExpiresAt: this.clock.now() });
  }

  /** RENEWAL_REMINDER_DAYS, as a run remembers them. */
  get reminderDays(): string {
    return this.config.renewal.reminderDays.join(',');
  }

  /** After a kill: what was done is told by what it left behind, not by the last progress that was written. */
  private async recount(run: RenewalRun): Promise<Partial<RenewalRun>> {
    const { manager } = this.dataSource;
    const count = (status: 'due' | 'overdue') => manager.countBy(RenewalFlag, { runId: run.id, status });
    const flaggedDue = await count('due');
    const flaggedOverdue = await count('overdue');
    const remindersQueued = await manager.countBy(RenewalReminder, { runId: run.id });
    // What failed is looked at again, and then counted again.
    const examined = Math.max(run.examined - run.failures, remindersQueued, flaggedDue + flaggedOverdue);
    return { examined, flaggedDue, flaggedOverdue, remindersQueued, failures: 0 };
  }

  private async newest(count: number): Promise<RenewalRun[]> {
    const order = { startedAt: 'DESC', id: 'DESC' } as const;
    return this.dataSource.manager.find(RenewalRun, { order, take: count });
  }

  private leaseEnd(): Date {
    return this.clock.inSeconds(LEASE_SECONDS);
  }
}
