import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { RegrantConfig } from '../config/config.js';
import { Deliveries } from '../events/deliveries.service.js';
import { type Event, type EventType } from '../events/event.entity.js';
import { EventLog } from '../events/event-log.js';
import { Mails } from './mails.service.js';

/** Failures are reported together, a quarter of an hour at a time. */
const REPORT_MS = 15 * 60_000;

type ToldByMail = 'connected' | 'reconnect-needed' | 'disconnected';
const TOLD_BY_MAIL: Partial<Record<EventType, ToldByMail>> = {
  'authorization.created': 'connected',
  'authorization.renewed': 'connected',
  'authorization.reauthorization_required': 'reconnect-needed',
  'authorization.disconnected': 'disconnected',
};

/** After these there is nothing to reconnect. */
const CONNECTS_OR_ENDS: readonly EventType[] = [
  'authorization.created',
  'authorization.renewed',
  'authorization.recovered',
  'authorization.disconnected',
];
const reconnectTopic = (authorizationId: string): string => `reconnect:${authorizationId}`;
const credentialsTopic = (applicationId: string): string => `credentials:${applicationId}`;

/** Which mails an event causes and which it makes moot, in the transaction of the event. */
@Injectable()
export class MailRules implements OnModuleInit {
  constructor(
    private readonly events: EventLog,
    private readonly deliveries: Deliveries,
    private readonly mails: Mails,
    private readonly config: RegrantConfig,
  ) {}

  onModuleInit(): void {
    this.events.subscribe((manager, event) => this.apply(manager, event));
  }

  private async apply(manager: EntityManager, event: Event): Promise<void> {
    const { type, authorizationId, applicationId } = event;
    if (authorizationId) await this.applyToAuthorization(manager, event, authorizationId);
    if (type === 'application.credentials_rejected') await this.alarm(manager, event);
    if (type === 'application.credentials_accepted' && applicationId)
      await this.deliveries.drop(manager, credentialsTopic(applicationId));
    if (type === 'delivery.bounced' || type === 'delivery.abandoned')
      await this.reportFailure(manager, event);
  }

  private async applyToAuthorization(manager: EntityManager, event: Event, id: string): Promise<void> {
    if (CONNECTS_OR_ENDS.includes(event.type)) await this.deliveries.drop(manager, reconnectTopic(id));
    const template = TOLD_BY_MAIL[event.type];
    // Whoever moves grants here from elsewhere does not want to mail all of their owners.
    const movedHere = event.type === 'authorization.created' && !event.actor.startsWith('seller:');
    if (template && !movedHere) await this.tell(manager, event, id, template);
  }

  private async tell(
    manager: EntityManager,
    { id: eventId, type, sellerId }: Event,
    authorizationId: string,
    template: ToldByMail,
  ): Promise<void> {
    const urges = template === 'reconnect-needed';
    await this.mails.queue(manager, {
      key: `${template}.${eventId}`,
      template,
      recipient: 'owner',
      authorizationId,
      eventId,
      data: { renewed: type === 'authorization.renewed' },
      // What happened is told to whom it happened to; what is to be done, to whoever can do it then.
      ...(urges ? { topic: reconnectTopic(authorizationId) } : sellerId && { sellerId }),
    });
  }

  private async alarm(manager: EntityManager, { id: eventId, applicationId }: Event): Promise<void> {
    if (!applicationId) return;
    await this.mails.queue(manager, {
      key: `credentials-rejected.${eventId}`,
      template: 'credentials-rejected',
      recipient: 'operator',
      topic: credentialsTopic(applicationId),
      applicationId,
      eventId,
      data: {},
    });
  }

  /** One mail for all failures of a quarter of an hour, after its end. A report that fails itself is in the log. */
  private async reportFailure(manager: EntityManager, { data, occurredAt }: Event): Promise<void> {
    if (!this.config.operatorEmail || data['template'] === 'delivery-failed') return;
    const from = Math.floor(occurredAt.getTime() / REPORT_MS) * REPORT_MS;
    const until = new Date(from + REPORT_MS - 1);
    await this.mails.queue(manager, {
      key: `delivery-failed.${new Date(from).toISOString()}`,
      template: 'delivery-failed',
      recipient: 'operator',
      data: { from: new Date(from).toISOString(), until: until.toISOString() },
      // A minute more for transactions that began within it.
      notBefore: new Date(until.getTime() + 60_000),
    });
  }
}
