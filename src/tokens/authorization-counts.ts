import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { type AuthorizationStatus } from './authorization.entity.js';
import { renewalBounds, type RenewalStatus } from './renewal-status.js';

/** How many authorizations there are: by status, and by where they stand in their year. */
export interface Counts {
  status: Record<AuthorizationStatus, number>;
  renewal: Record<RenewalStatus, number>;
}

const noCounts = (): Counts => ({
  status: { active: 0, reauthorization_required: 0, disconnected: 0 },
  renewal: { current: 0, due: 0, overdue: 0, not_applicable: 0 },
});

/** Of one application and status; `dated` have a date to renew by. */
interface Row {
  applicationId: string;
  status: AuthorizationStatus;
  total: number;
  dated: number;
  due: number;
  overdue: number;
}

/** Counting that takes longer is not done again at once. */
const QUICK_SECONDS = 0.5;
/** So many times as long as it took: counting takes a small share of the database's time, however many ask. */
const REST = 20;
const REMEMBERED_APPLICATIONS = 1000;

/**
 * Counts authorizations, from `authorizations_counts_idx` alone. That takes about as many seconds as there are millions
 * of them, so the counts of millions are remembered for a while.
 */
@Injectable()
export class AuthorizationCounts {
  private readonly recent = new LRUCache<string, { counts: Counts; until: Date }>({
    max: REMEMBERED_APPLICATIONS,
  });

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** By application; one of these without any authorization has zeros. */
  async of(applicationIds: readonly string[]): Promise<Map<string, Counts>> {
    const now = this.clock.now();
    const counts = new Map<string, Counts>();
    for (const id of applicationIds) {
      const recent = this.recent.get(id);
      if (recent && recent.until > now) counts.set(id, recent.counts);
    }
    const others = applicationIds.filter((id) => !counts.has(id));
    return others.length ? new Map([...counts, ...(await this.count(others, now))]) : counts;
  }

  private async count(applicationIds: readonly string[], now: Date): Promise<Map<string, Counts>> {
    const rows = await this.read(applicationIds, now);
    const counts = new Map(applicationIds.map((id) => [id, noCounts()]));
    for (const row of rows) add(counts.get(row.applicationId) ?? noCounts(), row);
    const seconds = (this.clock.now().getTime() - now.getTime()) / 1000;
    if (seconds > QUICK_SECONDS)
      for (const [id, ofThis] of counts)
        this.recent.set(id, { counts: ofThis, until: this.clock.inSeconds(seconds * REST) });
    return counts;
  }

  private async read(applicationIds: readonly string[], now: Date): Promise<Row[]> {
    const { overdueUntil, dueUntil } = renewalBounds(now, this.config.renewal.reminderDays);
    // Nothing but columns of the index: with any other one, every row would have to be read.
    return this.dataSource.query<Row[]>(
      `SELECT application_id AS "applicationId", status, count(*)::integer AS total,
         count(renewal_due_at)::integer AS dated,
         count(*) FILTER (WHERE renewal_due_at <= $2)::integer AS overdue,
         count(*) FILTER (WHERE renewal_due_at > $2 AND renewal_due_at <= $3)::integer AS due
       FROM authorizations WHERE application_id = ANY($1) GROUP BY application_id, status`,
      [applicationIds, overdueUntil, dueUntil],
    );
  }
}

/** All of them together. */
export function totalOf(all: Iterable<Counts>): Counts {
  const total = noCounts();
  for (const { status, renewal } of all) {
    for (const name of keysOf(status)) total.status[name] += status[name];
    for (const name of keysOf(renewal)) total.renewal[name] += renewal[name];
  }
  return total;
}

/** A disconnected one has nothing to renew, whatever date it had. */
function add({ status, renewal }: Counts, row: Row): void {
  status[row.status] += row.total;
  const { dated, due, overdue } = row.status === 'disconnected' ? { dated: 0, due: 0, overdue: 0 } : row;
  renewal.due += due;
  renewal.overdue += overdue;
  renewal.current += dated - due - overdue;
  renewal.not_applicable += row.total - dated;
}

const keysOf = <T extends object>(record: T) => Object.keys(record) as (keyof T)[];
