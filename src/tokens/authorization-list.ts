import { Injectable } from '@nestjs/common';
import { Brackets, DataSource, type SelectQueryBuilder } from 'typeorm';
import { Clock } from '../common/clock.js';
import { InvalidRequest } from '../common/errors.js';
import { isUuid } from '../common/validation.js';
import { type Region, RegrantConfig } from '../config/config.js';
import { Authorization, type AuthorizationStatus, type Workflow } from './authorization.entity.js';
import { renewalBounds, type RenewalStatus } from './renewal-status.js';

export interface AuthorizationFilter {
  status?: AuthorizationStatus;
  renewal?: RenewalStatus;
  sellerId?: string;
  sellingPartnerId?: string;
  region?: Region;
  applicationId?: string;
  workflow?: Workflow;
  /** Only these applications; undefined: all. */
  applicationIds?: string[];
}

export interface PageOf<T> {
  items: T[];
  nextCursor: string | null;
}

/** Reads authorizations page by page, oldest first, so that rows added meanwhile come last and shift nothing. */
@Injectable()
export class AuthorizationList {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  async page(filter: AuthorizationFilter, limit: number, cursor?: string): Promise<PageOf<Authorization>> {
    const query = this.dataSource.manager.createQueryBuilder(Authorization, 'a');
    const { renewal, applicationIds, ...equal } = filter;
    for (const [column, value] of Object.entries(equal))
      if (value !== undefined) query.andWhere(`a.${column} = :${column}`, { [column]: value });
    if (applicationIds) query.andWhere('a.applicationId = ANY(:applicationIds)', { applicationIds });
    if (renewal) this.whereRenewal(query, renewal);
    if (cursor) {
      const [createdAt, id] = readCursor(cursor);
      query.andWhere('(a.createdAt, a.id) > (:createdAt, :afterId)', { createdAt, afterId: id });
    }
    const rows = await query.orderBy('a.createdAt').addOrderBy('a.id').take(limit + 1).getMany(); // prettier-ignore
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last ? writeCursor(last) : null };
  }

  private whereRenewal(query: SelectQueryBuilder<Authorization>, renewal: RenewalStatus): void {
    const { overdueUntil, dueUntil } = renewalBounds(this.clock.now(), this.config.renewal.reminderDays);
    const bounds = { overdueUntil, dueUntil };
    const conditions: Record<RenewalStatus, string> = {
      not_applicable: 'a.renewalDueAt IS NULL',
      overdue: 'a.renewalDueAt <= :overdueUntil',
      due: 'a.renewalDueAt > :overdueUntil AND a.renewalDueAt <= :dueUntil',
      current: 'a.renewalDueAt > :overdueUntil AND a.renewalDueAt > :dueUntil',
    };
    query.andWhere(new Brackets((where) => where.where(conditions[renewal], bounds)));
  }
}

function writeCursor({ createdAt, id }: Authorization): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

function readCursor(cursor: string): [createdAt: Date, id: string] {
  const [time = '', id] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const createdAt = new Date(time);
  if (isUuid(id) && !Number.isNaN(createdAt.getTime())) return [createdAt, id];
  throw new InvalidRequest('Some fields are not valid.', [
    { path: 'cursor', message: 'must be a nextCursor of this list' },
  ]);
}
