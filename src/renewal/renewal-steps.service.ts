import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { renewalTopic } from '../events/deliveries.service.js';
import { EventLog } from '../events/event-log.js';
import { Mails } from '../mail/mails.service.js';
import { AuthorizationRenewals, type RenewableRow } from '../tokens/authorization-renewals.service.js';
import { about } from '../tokens/authorizations.service.js';
import { dayOf, type RenewalStatus } from '../tokens/renewal-status.js';
import { renewalStep } from './policy.js';
import { lockWithTold, note } from './renewal-notes.js';

/** What a run did about one authorization. */
export interface StepTaken {
  flagged: 'due' | 'overdue' | null;
  reminded: boolean;
}

/**
 * How long a reminder waits that is one of many: the run ends before its mails compete with it for the database. A
 * longer run than that has mailed part of them by its end.
 */
const WAIT_SECONDS = 60;

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

  /**
   * In one transaction, under the lock of the row: done wholly or not at all, and done again it changes nothing.
   * @param oneOfMany its reminder is not to go out at once
   */
  async take(runId: string, authorizationId: string, now: Date, oneOfMany: boolean): Promise<StepTaken> {
    return this.dataSource.transaction(async (manager) => {
      const row = await lockWithTold(manager, authorizationId);
      const dueAt = row && row.status !== 'disconnected' ? row.renewalDueAt : null;
      if (!row || !dueAt) {
        await this.renewals.looked(manager, authorizationId, null, false);
        return { flagged: null, reminded: false };
      }
      const { reminderDays } = this.config.renewal;
      const { status, reminder, nextAt } = renewalStep(dueAt, reminderDays, row.told, now);
      const flag = status === 'due' || status === 'overdue' ? status : null;
      const telling = { authorizationId: row.id, dueAt, flag, reminder };
      const news = await note(manager, runId, telling, this.clock.now());
      const flagged = news.flag ? flag : null;
      const reminded = news.reminder && reminder !== null;
      if (flagged) await this.tellPrograms(manager, row, dueAt, flagged);
      if (reminded) await this.tellOwner(manager, row, { dueAt, status, reminder, oneOfMany });
      await this.renewals.looked(manager, row.id, nextAt, reminded);
      return { flagged, reminded };
    });
  }

  private async tellPrograms(
    manager: EntityManager,
    row: RenewableRow,
    dueAt: Date,
    status: 'due' | 'overdue',
  ): Promise<void> {
    await this.events.append(manager, {
      type: `authorization.renewal_${status}`,
      actor: 'regrant',
      ...about(row),
      data: { dueAt: dueAt.toISOString() },
    });
  }

  private async tellOwner(
    manager: EntityManager,
    { id }: RenewableRow,
    telling: { dueAt: Date; status: RenewalStatus; reminder: number; oneOfMany: boolean },
  ): Promise<void> {
    const { dueAt, status, reminder, oneOfMany } = telling;
    await this.mails.queue(manager, {
      key: `renewal-reminder.${id}.${dayOf(dueAt)}.${reminder}`,
      template: status === 'overdue' ? 'renewal-overdue' : 'renewal-reminder',
      recipient: 'owner',
      topic: renewalTopic(id),
      supersedes: true,
      authorizationId: id,
      data: { dueAt: dueAt.toISOString() },
      bulk: true,
      notBefore: this.clock.inSeconds(oneOfMany ? WAIT_SECONDS : 0),
    });
  }
}
