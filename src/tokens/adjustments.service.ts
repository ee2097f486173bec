import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';
import { Deliveries, renewalTopic } from '../events/deliveries.service.js';
import { EventLog } from '../events/event-log.js';
import { Authorization } from './authorization.entity.js';
import { about } from './authorizations.service.js';
import { requireSeller } from './existing-seller.js';
import { dayOf, dueDate } from './renewal-status.js';

/** What an operator may change; null empties a field. */
export type Adjustment = Partial<Pick<Authorization, 'renewalDueAt' | 'sellerId' | 'contactEmail'>>;

/** What an operator knows better about an authorization. Neither its token nor its state changes by it. */
@Injectable()
export class Adjustments {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: EventLog,
    private readonly deliveries: Deliveries,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Changes the fields that are given.
   * @throws NotFound, InvalidRequest when the seller does not exist
   */
  async adjusted(id: string, change: Adjustment, actor: string): Promise<Authorization> {
    return this.dataSource.transaction(async (manager) => {
      if (change.sellerId) await requireSeller(manager, change.sellerId);
      const row = await manager.findOne(Authorization, {
        where: { id },
        lock: { mode: 'pessimistic_write' },
      });
      if (!row) throw new NotFound('There is no such authorization.');
      return this.changed(manager, row, change, actor);
    });
  }

  /**
   * Writes what differs into the row; another day of authorization or workflow brings another due date with it. Without
   * a difference nothing happened.
   * @param row locked in the transaction of `manager`
   */
  async changed(
    manager: EntityManager,
    row: Authorization,
    wanted: Partial<Authorization>,
    actor: string,
  ): Promise<Authorization> {
    const differences = differencesOf(row, wanted);
    if (!Object.keys(differences).length) return row;
    const change = { ...row, ...differences, updatedAt: this.clock.now() };
    if ('authorizedAt' in differences || 'workflow' in differences)
      change.renewalDueAt = dueDate(change.authorizedAt, change.workflow, this.config.renewal);
    if (change.renewalDueAt?.getTime() !== row.renewalDueAt?.getTime()) change.renewalNextAt = null;
    if (day(change.renewalDueAt) !== day(row.renewalDueAt))
      await this.deliveries.drop(manager, renewalTopic(row.id));
    await manager.save(Authorization, change);
    await this.events.append(manager, {
      type: 'authorization.changed',
      actor,
      ...about(change),
      data: describeDifferences(row, differences) as Record<string, unknown>,
    });
    return change;
  }
}

const day = (date: Date | null): string | null => date && dayOf(date);

/** The fields that are given and are not the same already; JSON compares dates and lists by their value. */
function differencesOf(row: Authorization, wanted: Partial<Authorization>): Partial<Authorization> {
  return Object.fromEntries(
    Object.entries(wanted).filter(
      ([name, value]) =>
        value !== undefined && JSON.stringify(value) !== JSON.stringify(row[name as keyof Authorization]),
    ),
  );
}

/** Before and after, for the event log; of a mail address only that it changed. */
function describeDifferences(row: Authorization, differences: Partial<Authorization>): object {
  return Object.fromEntries(
    Object.entries(differences).map(([name, to]) => [
      name,
      name === 'contactEmail' ? 'changed' : { from: row[name as keyof Authorization], to },
    ]),
  );
}
