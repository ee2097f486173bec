import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Application } from '../applications/application.entity.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Conflict } from '../common/errors.js';
import { Authorization, type Workflow } from './authorization.entity.js';

export interface Slots {
  used: number;
  /** Null: Amazon sets none. */
  limit: number | null;
}

/** How much of what Amazon allows to an application is in use, and in words where it comes to an end. */
export interface ApplicationUsage {
  selfAuthorizations: Slots;
  /** By OAuth; vendors have no limit and are not counted. */
  sellerAuthorizations: Slots;
  warnings: string[];
}

/** Amazon's application authorization limits. */
const SELF_AUTHORIZATIONS = 10;
const SELLERS_OF_AN_UNLISTED_APPLICATION = 25;
const NEAR = 0.8;

/** What an application and its authorizations mean to each other. */
@Injectable()
export class ApplicationGrants {
  private readonly logger = new Logger(ApplicationGrants.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly applications: ApplicationsService,
  ) {}

  /**
   * The usage of these applications by id, in one query. Counts every authorization that we know of, disconnected ones
   * too: a disconnect on our side frees nothing at Amazon, and a revocation at Amazon is not told to us. Amazon's own
   * count is therefore never larger for what came through here; it alone decides, so we warn and refuse nothing.
   */
  async usageOf(applications: readonly Application[]): Promise<Map<string, ApplicationUsage>> {
    const counts = await this.dataSource.manager
      .createQueryBuilder(Authorization, 'a')
      .select('a.applicationId', 'id')
      .addSelect(`count(*) FILTER (WHERE a.workflow = 'self')::integer`, 'self')
      .addSelect(
        `count(*) FILTER (WHERE a.workflow <> 'self' AND a.partnerType = 'seller')::integer`,
        'sellers',
      )
      .where('a.applicationId = ANY(:ids)', { ids: applications.map(({ id }) => id) })
      .groupBy('a.applicationId')
      .getRawMany<{ id: string; self: number; sellers: number }>();
    const byId = new Map(counts.map((row) => [row.id, row]));
    return new Map(
      applications.map((application) => {
        const { self = 0, sellers = 0 } = byId.get(application.id) ?? {};
        return [application.id, usage(application, self, sellers)];
      }),
    );
  }

  /**
   * Puts into the log that Amazon may soon refuse new authorizations of this application by that workflow. Of a listed
   * one there may be millions; nobody counts them, as only its self-authorizations are limited.
   */
  async warnWhenNearlyFull(application: Application, workflow: Workflow): Promise<void> {
    if (application.listed && workflow !== 'self') return;
    const usage = (await this.usageOf([application])).get(application.id);
    for (const warning of usage?.warnings ?? [])
      this.logger.warn(`Application ${application.id} (${application.name}): ${warning}`);
  }

  /**
   * Deletes an application, its client secrets and its disconnected authorizations.
   * @throws NotFound, Conflict while an authorization is not disconnected; nothing is changed then
   */
  async removeApplication(id: string, actor: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      await this.applications.lock(manager, id);
      const { affected } = await manager.delete(Authorization, { applicationId: id, status: 'disconnected' });
      const left = await manager.countBy(Authorization, { applicationId: id });
      if (left)
        throw new Conflict(
          `The application still has ${left === 1 ? 'an authorization' : `${left} authorizations`}. Disconnect them first.`,
        );
      await this.applications.remove(manager, id, actor, { authorizations: affected ?? 0 });
    });
  }
}

function usage({ type, listed }: Application, self: number, sellers: number): ApplicationUsage {
  const unlisted = listed ? null : SELLERS_OF_AN_UNLISTED_APPLICATION;
  const selfAuthorizations = { used: self, limit: SELF_AUTHORIZATIONS };
  const sellerAuthorizations = { used: sellers, limit: type === 'private' ? 0 : unlisted };
  return {
    selfAuthorizations,
    sellerAuthorizations,
    warnings: [
      ...warning(selfAuthorizations, 'self-authorizations'),
      ...warning(sellerAuthorizations, `OAuth authorizations of sellers for ${kind(type)} application`),
    ],
  };
}

const kind = (type: Application['type']): string => (type === 'private' ? 'a private' : 'an unlisted public');

function warning({ used, limit }: Slots, what: string): string[] {
  if (limit === null || !used || used < limit * NEAR) return [];
  return [`${used} of the ${limit} ${what} that Amazon allows are in use; it may refuse new ones.`];
}
