import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, Not } from 'typeorm';
import { Clock } from '../common/clock.js';
import { type PageOf, readPage } from '../common/paging.js';
import { RegrantConfig } from '../config/config.js';
import { Authorization } from './authorization.entity.js';
import { addDays, renewalBounds } from './renewal-status.js';

export interface RenewalFilter {
  /** Left out without `dueBefore`: both. */
  status?: 'due' | 'overdue';
  dueBefore?: Date;
  /** Only these applications; undefined: all. */
  applicationIds?: readonly string[];
}

/** As much of a row as renewals are about. */
export type RenewableRow = Pick<
  Authorization,
  'id' | 'applicationId' | 'sellerId' | 'status' | 'renewalDueAt'
>;

/** Where `renewalNextAt` points when there is nothing to look at again: later than any run. */
const NEVER = new Date('9999-12-31T00:00:00Z');
const AT_A_TIME = 500;

/** Finds authorizations by their due dates, always by an index, and notes what a renewal run did about one of them. */
@Injectable()
export class AuthorizationRenewals {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Ids of what a renewal run has to look at by `now`, page by page: due dates that have come near, then what earlier
   * runs set a time for. The number of all authorizations plays no part. One that is not moved on by `looked` comes
   * only once.
   */
  async *toLookAt(now: Date): AsyncGenerator<string[]> {
    const { dueUntil } = renewalBounds(now, this.config.renewal.reminderDays);
    yield* this.walk('renewal_next_at IS NULL AND renewal_due_at', dueUntil);
    yield* this.walk('renewal_next_at', now);
  }

  /** The row, locked until the end of the transaction; null when it is gone. */
  async lock(manager: EntityManager, id: string): Promise<RenewableRow | null> {
    const [row] = await manager.query<RenewableRow[]>(
      `SELECT id, application_id AS "applicationId", seller_id AS "sellerId", status, renewal_due_at AS "renewalDueAt"
       FROM authorizations WHERE id = $1 FOR UPDATE`,
      [id],
    );
    return row ?? null;
  }

  /**
   * A run has looked at the row, which is locked in the transaction of `manager`.
   * @param nextAt when to look again; null: not before its due date changes
   * @param reminded whether a reminder was queued
   */
  async looked(manager: EntityManager, id: string, nextAt: Date | null, reminded: boolean): Promise<void> {
    await manager.query(
      `UPDATE authorizations SET renewal_next_at = $2, last_reminder_at = COALESCE($3, last_reminder_at)
       WHERE id = $1`,
      [id, nextAt ?? NEVER, reminded ? this.clock.now() : null],
    );
  }

  /** A reminder was queued by itself, in the transaction of `manager`. */
  async reminded(manager: EntityManager, id: string): Promise<void> {
    await manager.update(Authorization, { id }, { lastReminderAt: this.clock.now() });
  }

  /** The days of reminders are other ones now: what was planned by the ones before is void, as far as it matters. */
  async forgetPlans(): Promise<void> {
    const last = Math.min(0, ...this.config.renewal.reminderDays);
    const oldestDueAt = addDays(this.clock.now(), last);
    for await (const ids of this.walk('renewal_next_at', NEVER))
      await this.dataSource.query(
        `UPDATE authorizations SET renewal_next_at = NULL
         WHERE id = ANY($1) AND renewal_due_at >= $2 AND status <> 'disconnected'`,
        [ids, oldestDueAt],
      );
  }

  /** Those that are to be renewed, soonest first. */
  async page(filter: RenewalFilter, limit: number, cursor?: string): Promise<PageOf<Authorization>> {
    const { status, dueBefore, applicationIds } = filter;
    const { overdueUntil, dueUntil } = renewalBounds(this.clock.now(), this.config.renewal.reminderDays);
    const query = this.dataSource.manager
      .createQueryBuilder(Authorization, 'a')
      .where(`a.renewalDueAt IS NOT NULL AND a.status <> 'disconnected'`);
    if (status === 'due') query.andWhere('a.renewalDueAt > :overdueUntil', { overdueUntil });
    if (status === 'overdue') query.andWhere('a.renewalDueAt <= :overdueUntil', { overdueUntil });
    else if (status ?? !dueBefore) query.andWhere('a.renewalDueAt <= :dueUntil', { dueUntil });
    if (dueBefore) query.andWhere('a.renewalDueAt < :dueBefore', { dueBefore });
    if (applicationIds) query.andWhere('a.applicationId = ANY(:applicationIds)', { applicationIds });
    return readPage(query, limit, cursor, { by: 'renewalDueAt' });
  }

  /** How many fall due in each of the next months, this one first; months begin in UTC. */
  async forecast(
    months: number,
    applicationIds: readonly string[] | null,
  ): Promise<{ month: string; count: number }[]> {
    const now = this.clock.now();
    const begin = (offset: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1));
    const begins = Array.from({ length: months + 1 }, (_, offset) => begin(offset));
    // By the number of the month: to write a date for each of millions of rows would take most of the time.
    const rows = await this.dataSource.query<{ month: number; count: string }[]>(
      `SELECT width_bucket(renewal_due_at, $1::timestamptz[]) AS month, count(*) AS count
       FROM authorizations
       WHERE renewal_due_at >= $2 AND renewal_due_at < $3 AND status <> 'disconnected'
         AND ($4::uuid[] IS NULL OR application_id = ANY($4))
       GROUP BY 1`,
      [begins, begins[0], begins[months], applicationIds],
    );
    const counts = new Map(rows.map(({ month, count }) => [month, Number(count)]));
    return begins.slice(0, months).map((date, index) => ({
      month: date.toISOString().slice(0, 7),
      count: counts.get(index + 1) ?? 0,
    }));
  }

  /** When the first authorization was stored; null while there is none. */
  async since(): Promise<Date | null> {
    const [first] = await this.dataSource.manager.find(Authorization, {
      select: { id: true, createdAt: true },
      where: { status: Not('disconnected') },
      order: { createdAt: 'ASC', id: 'ASC' },
      take: 1,
    });
    return first?.createdAt ?? null;
  }

  /** Along the index of the last column in `condition`, up to and including the moment `until`. */
  private async *walk(condition: string, until: Date): AsyncGenerator<string[]> {
    const column = condition.split(' ').at(-1);
    // As text: a Date would cut off microseconds, which other programs may have stored, and repeat rows.
    let after = { at: '-infinity', id: '00000000-0000-0000-0000-000000000000' };
    for (let more = true; more;) {
      const rows = await this.dataSource.query<{ id: string; at: string }[]>(
        `SELECT id, ${column}::text AS at FROM authorizations
         WHERE ${condition} <= $1 AND (${column}, id) > ($2::timestamptz, $3::uuid)
         ORDER BY ${column}, id LIMIT $4`,
        [until, after.at, after.id, AT_A_TIME],
      );
      after = rows.at(-1) ?? after;
      more = rows.length === AT_A_TIME;
      if (rows.length) yield rows.map(({ id }) => id);
    }
  }
}
