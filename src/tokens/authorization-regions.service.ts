import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { Clock } from '../common/clock.js';
import { type Region } from '../config/config.js';
import { EventLog } from '../events/event-log.js';
import { Signals } from '../signals/signals.js';
import { Authorization } from './authorization.entity.js';
import { about, AuthorizationsService } from './authorizations.service.js';
import { addDays } from './renewal-status.js';

/** Without an answer by then there will be none: the application lacks the role, say. */
const LAST_CHECK_DAYS = 30;

/** What becomes of an authorization that was stored before Amazon confirmed its region. */
@Injectable()
export class AuthorizationRegions {
  constructor(
    private readonly authorizations: AuthorizationsService,
    private readonly dataSource: DataSource,
    private readonly events: EventLog,
    private readonly signals: Signals,
    private readonly clock: Clock,
  ) {}

  /** Amazon confirmed the region. */
  async confirmed({ id }: Authorization, marketplaceIds: string[]): Promise<void> {
    const now = this.clock.now();
    const confirmed = { marketplaceIds, regionVerifiedAt: now, regionCheckAt: null, updatedAt: now };
    await this.dataSource.manager.update(Authorization, { id }, confirmed);
  }

  /**
   * Amazon says that the grant is for another region: it moves there. False when that region has an authorization of
   * its own already; then nothing moves, because which of the two grants is the newer one is for a person to decide.
   */
  async movedTo(authorization: Authorization, region: Region, marketplaceIds: string[]): Promise<boolean> {
    const { id, applicationId, sellingPartnerId, region: from } = authorization;
    const now = this.clock.now();
    return this.dataSource.transaction(async (manager) => {
      const key = { applicationId, sellingPartnerId, region };
      const taken = (await this.authorizations.lockGrant(manager, key)) !== null;
      const outcome = taken
        ? {
            statusReason: `Amazon says that this grant is for region ${region}, which is connected separately.`,
          }
        : { region, marketplaceIds, regionVerifiedAt: now };
      await manager.update(Authorization, { id }, { ...outcome, regionCheckAt: null, updatedAt: now });
      if (taken) return false;
      // Its access token stays good, but replicas remember the endpoint of the wrong region with it.
      await this.signals.send(manager, 'authorization', id);
      await this.signals.send(manager, 'names', id);
      await this.events.append(manager, {
        type: 'authorization.region_corrected',
        actor: 'regrant',
        ...about(authorization),
        data: { from, to: region },
      });
      return true;
    });
  }

  /**
   * Takes up to `limit` active authorizations whose region is to be checked, and sets their next check: whoever takes
   * one and dies has only delayed it.
   */
  async takeDue(limit: number): Promise<Authorization[]> {
    const now = this.clock.now();
    const { raw } = (await this.dataSource
      .createQueryBuilder()
      .update(Authorization)
      .set({
        // As long again as the grant is old, so that the checks of one grant stay few.
        regionCheckAt: () =>
          `CASE WHEN authorized_at > :last::timestamptz THEN :now::timestamptz + (:now::timestamptz - authorized_at) END`,
      })
      .where(
        `id IN (SELECT id FROM authorizations WHERE region_check_at <= :now AND status = 'active'
          ORDER BY region_check_at LIMIT :limit FOR UPDATE SKIP LOCKED)`,
      )
      .setParameters({ now, last: addDays(now, -LAST_CHECK_DAYS), limit })
      .returning('id')
      .execute()) as { raw: { id: string }[] };
    return this.dataSource.manager.findBy(Authorization, { id: In(raw.map(({ id }) => id)) });
  }
}
