import { Injectable } from '@nestjs/common';
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

/** Counts authorizations, from `authorizations_counts_idx` alone. */
@Injectable()
export class AuthorizationCounts {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** By application; one of these without any authorization has zeros. */
  async of(applicationIds: readonly string[]): Promise<Map<string, Counts>> {
    const { overdueUntil, dueUntil } = renewalBounds(this.clock.now(), this.config.renewal.reminderDays);
    // Nothing but columns of the index: with any other one, every row would have to be read.
    const rows = await this.dataSource.query<Row[]>(
      `SELECT application_id AS "applicationId", status, count(*)::integer AS total,
         count(renewal_due_at)::integer AS dated,
         count(*) FILTER (WHERE renewal_due_at <= $2)::integer AS overdue,
         count(*) FILTER (WHERE renewal_due_at > $2 AND renewal_due_at <= $3)::integer AS due
       FROM authorizations WHERE application_id = ANY($1) GROUP BY application_id, status`,
      [applicationIds, overdueUntil, dueUntil],
    );
    const counts = new Map(applicationIds.map((id) => [id, noCounts()]));
    for (const row of rows) add(counts.get(row.applicationId) ?? noCounts(), row);
    return counts;
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
