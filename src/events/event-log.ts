import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Event, type EventType } from './event.entity.js';

export interface NewEvent {
  type: EventType;
  actor: string;
  applicationId?: string;
  authorizationId?: string;
  sellerId?: string | null;
  data?: Record<string, unknown>;
}

/** Reacts to an event in the transaction that appends it: what it throws undoes the change. */
export type EventSubscriber = (manager: EntityManager, event: Event) => Promise<void>;

/** What happened, in order. Appended in the transaction of the change, so neither exists without the other. */
@Injectable()
export class EventLog {
  private readonly subscribers: EventSubscriber[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** For channels, which know events; events know no channel. */
  subscribe(subscriber: EventSubscriber): void {
    this.subscribers.push(subscriber);
  }

  /** @param manager of the transaction that makes the change */
  async append(manager: EntityManager, event: NewEvent): Promise<void> {
    const { type, actor, applicationId = null, authorizationId = null, sellerId = null, data = {} } = event;
    const occurredAt = this.clock.now();
    const [added] = await manager.query<[{ id: string }]>(
      `INSERT INTO events (type, actor, application_id, authorization_id, seller_id, data, occurred_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
      [type, actor, applicationId, authorizationId, sellerId, data, occurredAt],
    );
    const row: Event = { ...added, type, actor, applicationId, authorizationId, sellerId, data, occurredAt };
    for (const subscriber of this.subscribers) await subscriber(manager, row);
  }

  /** The newest events of these types of one authorization, newest first. */
  async historyOf(authorizationId: string, types: readonly EventType[], limit = 50): Promise<Event[]> {
    return this.dataSource.manager.find(Event, {
      where: { authorizationId, type: In(types) },
      order: { id: 'DESC' },
      take: limit,
    });
  }
}
