import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ApplicationsService } from '../applications/applications.service.js';
import { ClientSecrets } from '../applications/client-secrets.service.js';
import { Clock } from '../common/clock.js';
import { reasonOf } from '../common/error-meaning.js';
import { clientSecretTopic } from '../events/deliveries.service.js';
import { EventLog } from '../events/event-log.js';
import { Mails } from '../mail/mails.service.js';
import { dayOf, daysUntil } from '../tokens/renewal-status.js';
import { ClientSecretReminder } from './client-secret-reminder.entity.js';
import { reminderStep } from './policy.js';

/** Days before the end of a client secret on which the operator is told. Amazon itself begins 90 days before. */
export const SECRET_REMINDER_DAYS = [90, 60, 30, 15, 7, 1];

/** Tells the operator in time that a client secret ends; with it, all calls of that application would. */
@Injectable()
export class ClientSecretCountdown {
  private readonly logger = new Logger(ClientSecretCountdown.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly applications: ApplicationsService,
    private readonly secrets: ClientSecrets,
    private readonly mails: Mails,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  /** For the current secret of every application; answers how many could not be dealt with. */
  async remind(runId: string, now: Date): Promise<number> {
    let failures = 0;
    for (const { id } of await this.applications.list())
      await this.remindOf(runId, id, now).catch((error: unknown) => {
        failures += 1;
        this.logger.error({ message: 'no countdown', runId, applicationId: id, reason: reasonOf(error) });
      });
    return failures;
  }

  private async remindOf(runId: string, applicationId: string, now: Date): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      // Nobody adds another secret meanwhile, nor counts this one.
      await this.applications.lock(manager, applicationId);
      const [current] = (await this.secrets.of([applicationId], manager)).get(applicationId) ?? [];
      if (!current?.expiresAt) return;
      const { id: clientSecretId, expiresAt } = current;
      const expiresOn = dayOf(expiresAt);
      const told = toldOf(await manager.findBy(ClientSecretReminder, { clientSecretId }), expiresAt);
      const { reminder: threshold } = reminderStep(expiresAt, SECRET_REMINDER_DAYS, told, now);
      if (threshold === null) return;
      const reminder = { clientSecretId, expiresOn, threshold, runId, createdAt: this.clock.now() };
      await manager.insert(ClientSecretReminder, reminder);
      await this.events.append(manager, {
        type: 'application.secret_expiring',
        actor: 'regrant',
        applicationId,
        data: { clientSecretId, expiresAt: expiresAt.toISOString(), daysLeft: daysUntil(expiresAt, now) },
      });
      await this.mails.queue(manager, {
        key: `secret-expiring.${clientSecretId}.${expiresOn}.${threshold}`,
        template: 'secret-expiring',
        recipient: 'operator',
        topic: clientSecretTopic(applicationId),
        supersedes: true,
        applicationId,
        data: { expiresAt: expiresAt.toISOString() },
      });
    });
  }
}

/**
 * Thresholds that have been told of. What was told for another date of the same secret counts as the threshold that was
 * ahead by the present date, unless that is tighter: a corrected date repeats nothing, a much later one counts again.
 */
function toldOf(reminders: readonly ClientSecretReminder[], expiresAt: Date): number[] {
  return reminders.map(({ threshold, createdAt }) => {
    const left = daysUntil(expiresAt, createdAt);
    return Math.max(threshold, ...SECRET_REMINDER_DAYS.filter((days) => days <= left));
  });
}
