import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { renewalTopic } from '../events/deliveries.service.js';
import { EventLog } from '../events/event-log.js';
import { Mails } from '../mail/mails.service.js';
import { AuthorizationRenewals } from '../tokens/authorization-renewals.service.js';
import { type Authorization } from '../tokens/authorization.entity.js';
import { about } from '../tokens/authorizations.service.js';
import { dayOf } from '../tokens/renewal-status.js';
import { renewalStep } from './policy.js';
import { RenewalFlag } from './renewal-flag.entity.js';
import { RenewalReminder } from './renewal-reminder.entity.js';

/** What a run did about one authorization. */
export interface StepTaken {
  flagged: 'due' | 'overdue' | null;
  reminded: boolean;
}

/** Does what the policy says about one authorization. */
@Injectable()
export class RenewalSteps {
  constructor(
    private readonly dataSource: DataSource,
    private readonly renewals: AuthorizationRenewals,
    private readonly mails: Mails,
    private readonly events: EventLog,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** In one transaction, under the lock of the row: done wholly or not at all, and done again it changes nothing. */
  async take(runId: string, authorizationId: string, now: Date): Promise<StepTaken> {
    return this.dataSource.transaction(async (manager) => {
      const row = await this.renewals.lock(manager, authorizationId);
      const dueAt = row && row.status !== 'disconnected' ? row.renewalDueAt : null;
      if (!row || !dueAt) {
        await this.renewals.looked(manager, authorizationId, null);
        return { flagged: null, reminded: false };
      }
      const reminded = await this.reminded(manager, row.id, dueAt);
      const { status, reminder, nextAt } = renewalStep(
        dueAt,
        this.config.renewal.reminderDays,
        reminded,
        now,
      );
      const flagged = status === 'due' || status === 'overdue' ? status : null;
      const isNew = flagged && (await this.flag(manager, runId, row, dueAt, flagged));
      if (reminder !== null) await this.remind(manager, runId, row, dueAt, reminder, flagged === 'overdue');
      await this.renewals.looked(manager, row.id, nextAt);
      return { flagged: isNew ? flagged : null, reminded: reminder !== null };
    });
  }

  /** Thresholds that have been told of for this due date. */
  private async reminded(manager: EntityManager, authorizationId: string, dueAt: Date): Promise<number[]> {
    const rows = await manager.findBy(RenewalReminder, { authorizationId, dueOn: dayOf(dueAt) });
    return rows.map(({ threshold }) => threshold);
  }

  /** Answers whether it is news: each due date is told once. */
  private async flag(
    manager: EntityManager,
    runId: string,
    row: Authorization,
    dueAt: Date,
    status: 'due' | 'overdue',
  ): Promise<boolean> {
    const flag = {
      authorizationId: row.id,
      dueOn: dayOf(dueAt),
      status,
      runId,
      createdAt: this.clock.now(),
    };
    const insert = manager.createQueryBuilder().insert().into(RenewalFlag).values(flag);
    const { raw } = (await insert.orIgnore().returning('status').execute()) as { raw: unknown[] };
    if (!raw.length) return false;
    await this.events.append(manager, {
      type: `authorization.renewal_${status}`,
      actor: 'regrant',
      ...about(row),
      data: { dueAt: dueAt.toISOString() },
    });
    return true;
  }

  private async remind(
    manager: EntityManager,
    runId: string,
    { id }: Authorization,
    dueAt: Date,
    threshold: number,
    overdue: boolean,
  ): Promise<void> {
    const dueOn = dayOf(dueAt);
    const createdAt = this.clock.now();
    await manager.insert(RenewalReminder, { authorizationId: id, dueOn, threshold, runId, createdAt });
    await this.mails.queue(manager, {
      key: `renewal-reminder.${id}.${dueOn}.${threshold}`,
      template: overdue ? 'renewal-overdue' : 'renewal-reminder',
      recipient: 'owner',
      topic: renewalTopic(id),
      supersedes: true,
      authorizationId: id,
      data: { dueAt: dueAt.toISOString() },
    });
    await this.renewals.reminded(manager, id);
  }
}
