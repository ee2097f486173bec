import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { backoffSeconds, PATIENCE_SECONDS } from './backoff.js';
import { Delivery, type SentTo } from './delivery.entity.js';
import { EventLog } from './event-log.js';

/** What becomes of a delivery once it is tried: every change of its row after `Deliveries.queue`, by name. */
@Injectable()
export class DeliveryAttempts {
  private readonly columns: string;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly events: EventLog,
  ) {
    this.columns = dataSource
      .getMetadata(Delivery)
      .columns.map(({ databaseName, propertyName }) => `d.${databaseName} AS "${propertyName}"`)
      .join(', ');
  }

  /**
   * Takes up to `limit` deliveries that are due, for this process alone: oldest first, but those in bulk only when no
   * others are left. Who dies with them loses them when the lease ends.
   */
  async claim(channel: string, limit: number, leaseSeconds: number): Promise<Delivery[]> {
    // The rows are locked by the inner queries once, whatever the plan of the outer one. Two of them, as one order by
    // both columns would read all that waits for a later moment.
    const oldest = (bulk: boolean, most: string): string =>
      `SELECT id FROM deliveries
       WHERE channel = $1 AND status = 'pending' AND bulk = ${bulk} AND next_attempt_at <= $2
       ORDER BY next_attempt_at LIMIT ${most} FOR UPDATE SKIP LOCKED`;
    const [rows] = await this.dataSource.query<[Delivery[], number]>(
      `WITH urgent AS MATERIALIZED (${oldest(false, '$3')}),
       bulk AS MATERIALIZED (${oldest(true, '$3 - (SELECT count(*) FROM urgent)')})
       UPDATE deliveries d SET claim = $4, attempts = d.attempts + 1, next_attempt_at = $5
       FROM (TABLE urgent UNION ALL TABLE bulk) due WHERE d.id = due.id RETURNING ${this.columns}`,
      [channel, this.clock.now(), limit, randomUUID(), this.clock.inSeconds(leaseSeconds)],
    );
    return rows;
  }

  /** It was handed over. That holds even when it was dropped meanwhile. */
  async sent({ id }: Delivery, sentTo: SentTo): Promise<void> {
    await this.dataSource
      .createQueryBuilder()
      .update(Delivery)
      .set({ status: 'sent', sentTo, finishedAt: this.clock.now(), lastError: null, claim: null })
      .where(`id = :id AND status <> 'sent'`, { id })
      .execute();
  }

  /** Whether it is still to be sent, and by who claimed it: it may have been dropped while it was prepared. */
  async isWanted({ id, claim }: Delivery): Promise<boolean> {
    return this.dataSource.manager.existsBy(Delivery, { id, status: 'pending', claim: claim ?? '' });
  }

  /** It was not tried after all. */
  async putBack({ id, claim }: Delivery): Promise<void> {
    const untried = { nextAttemptAt: this.clock.now(), attempts: () => 'attempts - 1', claim: null };
    await this.dataSource.manager.update(Delivery, { id, status: 'pending', claim: claim ?? '' }, untried);
  }

  /** There is nothing to send, or nobody to send it to. */
  async moot(delivery: Delivery, reason: string): Promise<void> {
    await this.end(delivery, 'dropped', reason);
  }

  /** The other side refused it for good; the event tells. */
  async refused(delivery: Delivery, code: string): Promise<void> {
    await this.end(delivery, 'bounced', code);
  }

  /** It did not work this time: later again, or never after three days; then an event tells. */
  async failed(delivery: Delivery, code: string): Promise<void> {
    const now = this.clock.now();
    if (now.getTime() - delivery.createdAt.getTime() >= PATIENCE_SECONDS * 1000)
      return this.end(delivery, 'abandoned', code);
    const nextAttemptAt = this.clock.inSeconds(backoffSeconds(delivery.attempts));
    const mine = { id: delivery.id, status: 'pending', claim: delivery.claim ?? '' } as const;
    await this.dataSource.manager.update(Delivery, mine, { nextAttemptAt, lastError: code, claim: null });
  }

  private async end(
    delivery: Delivery,
    status: 'dropped' | 'bounced' | 'abandoned',
    code: string,
  ): Promise<void> {
    const { id, channel, template, authorizationId, applicationId, sellerId, claim } = delivery;
    await this.dataSource.transaction(async (manager) => {
      const mine = { id, status: 'pending', claim: claim ?? '' } as const;
      const ended = { status, lastError: code, finishedAt: this.clock.now(), claim: null };
      const { affected } = await manager.update(Delivery, mine, ended);
      if (!affected || status === 'dropped') return;
      await this.events.append(manager, {
        type: `delivery.${status}`,
        actor: 'regrant',
        ...(authorizationId && { authorizationId }),
        ...(applicationId && { applicationId }),
        sellerId,
        data: { deliveryId: id, channel, template, reason: code },
      });
    });
  }
}
