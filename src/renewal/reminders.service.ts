import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Conflict, NotFound } from '../common/errors.js';
import { type PageOf, readPage } from '../common/paging.js';
import { RegrantConfig } from '../config/config.js';
import { renewalTopic } from '../events/deliveries.service.js';
import { Delivery } from '../events/delivery.entity.js';
import { EventLog } from '../events/event-log.js';
import { Mails } from '../mail/mails.service.js';
import { AuthorizationRenewals } from '../tokens/authorization-renewals.service.js';
import { about } from '../tokens/authorizations.service.js';
import { renewalStatus } from '../tokens/renewal-status.js';

/** The reminders of one authorization: those that were sent, and one more when an operator asks for it. */
@Injectable()
export class Reminders {
  constructor(
    private readonly dataSource: DataSource,
    private readonly renewals: AuthorizationRenewals,
    private readonly mails: Mails,
    private readonly events: EventLog,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** Newest first. @param cursor `nextCursor` of the page before */
  async of(authorizationId: string, limit: number, cursor?: string): Promise<PageOf<Delivery>> {
    const query = this.dataSource.manager
      .createQueryBuilder(Delivery, 'd')
      .where('d.authorizationId = :authorizationId', { authorizationId })
      .andWhere('d.template = ANY(:templates)', { templates: ['renewal-reminder', 'renewal-overdue'] });
    return readPage(query, limit, cursor, { newestFirst: true });
  }

  /**
   * Queues a reminder now, whatever the schedule says; one that is waiting to be sent is replaced by it. Answers it as
   * it was queued.
   * @throws NotFound, Conflict when there is nothing to renew
   */
  async remindNow(authorizationId: string, actor: string): Promise<Delivery> {
    const key = `renewal-reminder.${authorizationId}.asked.${randomUUID()}`;
    return this.dataSource.transaction(async (manager) => {
      const row = await this.renewals.lock(manager, authorizationId);
      if (!row) throw new NotFound('There is no such authorization.');
      if (row.status === 'disconnected' || !row.renewalDueAt)
        throw new Conflict('This authorization has no date to be renewed by.');
      const status = renewalStatus(row.renewalDueAt, this.clock.now(), this.config.renewal.reminderDays);
      await this.mails.queue(manager, {
        key,
        template: status === 'overdue' ? 'renewal-overdue' : 'renewal-reminder',
        recipient: 'owner',
        topic: renewalTopic(row.id),
        supersedes: true,
        authorizationId: row.id,
        data: { dueAt: row.renewalDueAt.toISOString() },
      });
      await this.renewals.reminded(manager, row.id);
      await this.events.append(manager, { type: 'authorization.reminder_asked', actor, ...about(row) });
      return manager.findOneByOrFail(Delivery, { channel: 'mail', key });
    });
  }
}
