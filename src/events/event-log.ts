import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
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

/** What happened, in order. Appended in the transaction of the change, so neither exists without the other. */
@Injectable()
export class EventLog {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @param manager of the transaction that makes the change */
  async append(manager: EntityManager, event: NewEvent): Promise<void> {
    await manager.insert(Event, {
      ...event,
      data: (event.data ?? {}) as object,
      occurredAt: this.clock.now(),
    });
  }

  /** The newest events of one authorization, newest first. */
  async historyOf(authorizationId: string, limit = 50): Promise<Event[]> {
    return this.dataSource.manager.find(Event, {
      where: { authorizationId },
      order: { id: 'DESC' },
      take: limit,
    });
  }
}
