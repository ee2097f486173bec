import { Injectable } from '@nestjs/common';
import { Brackets, DataSource, type SelectQueryBuilder } from 'typeorm';
import { Clock } from '../common/clock.js';
import { type PageOf, readPage } from '../common/paging.js';
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

/** Reads authorizations page by page, oldest first. */
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
    return readPage(query, limit, cursor);
  }

  private whereRenewal(query: SelectQueryBuilder<Authorization>, renewal: RenewalStatus): void {
    const { overdueUntil, dueUntil } = renewalBounds(this.clock.now(), this.config.renewal.reminderDays);
    const bounds = { overdueUntil, dueUntil };
    const conditions: Record<RenewalStatus, string> = {
      not_applicable: `a.renewalDueAt IS NULL OR a.status = 'disconnected'`,
      overdue: 'a.renewalDueAt <= :overdueUntil',
      due: 'a.renewalDueAt > :overdueUntil AND a.renewalDueAt <= :dueUntil',
      current: 'a.renewalDueAt > :overdueUntil AND a.renewalDueAt > :dueUntil',
    };
    query.andWhere(new Brackets((where) => where.where(conditions[renewal], bounds)));
    // A disconnected one has nothing to renew, whatever date it had.
    if (renewal !== 'not_applicable') query.andWhere(`a.status <> 'disconnected'`);
  }
}
