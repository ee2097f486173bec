import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, Not } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Delivery, type Recipient } from './delivery.entity.js';

/** Marks a transaction that queued something due, so that the dispatcher looks at once after its commit. */
export const QUEUED = 'deliveries';

export interface NewDelivery {
  channel: string;
  /** Names the occasion and the recipient, such as `renewal-reminder.<authorization>.<due day>.<threshold>`. */
  key: string;
  template: string;
  recipient: Recipient;
  /** What it is about, for `drop`. */
  topic?: string;
  /** Whether pending deliveries of the same topic are moot now: the tighter reminder in place of the looser one. */
  supersedes?: boolean;
  authorizationId?: string;
  /** The row goes with this account; not needed to reach the owner of an authorization. */
  sellerId?: string;
  applicationId?: string;
  eventId?: string;
  /** Never a secret, never a mail address: what can be looked up when it goes out is looked up then. */
  data?: Record<string, unknown>;
  /** One of many that nobody waits for: goes out after all others that are due. */
  bulk?: boolean;
  /** Default: at once. */
  notBefore?: Date;
  /** After this it is dropped instead of sent. */
  notAfter?: Date;
}

/** What reminders of one authorization are about: whatever settles it drops the pending ones. */
export const renewalTopic = (authorizationId: string): string => `renewal:${authorizationId}`;

/** What the countdown of an application's current client secret is about. */
export const clientSecretTopic = (applicationId: string): string => `client-secret:${applicationId}`;

/**
 * What is to be told to people and programs. Queued in the transaction of the change that causes it, so nothing is told
 * of a change that was rolled back and nothing is lost that was committed; sent afterwards by the `Dispatcher`.
 */
@Injectable()
export class Deliveries {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Queues a delivery unless the occasion has one already, whatever became of that.
   * @param manager of the transaction that makes the change
   * @returns whether it was queued
   */
  async queue(manager: EntityManager, delivery: NewDelivery): Promise<boolean> {
    const now = this.clock.now();
    const { channel, key, template, recipient, topic = null, supersedes = false, bulk = false } = delivery;
    const { notBefore = now } = delivery;
    // The second part does not see the row of the first one, so it drops what was there before.
    const queued = await manager.query<unknown[]>(
      `WITH queued AS (
         INSERT INTO deliveries (id, channel, key, template, recipient, topic, authorization_id, seller_id,
           application_id, event_id, data, next_attempt_at, not_after, created_at, bulk)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $16)
         ON CONFLICT DO NOTHING RETURNING id
       ), superseded AS (
         UPDATE deliveries SET status = 'dropped', finished_at = $14
         WHERE $15 AND topic = $6 AND status = 'pending' AND EXISTS (SELECT FROM queued)
       )
       SELECT FROM queued`,
      [
        ...[randomUUID(), channel, key, template, recipient, topic],
        ...[delivery.authorizationId, delivery.sellerId, delivery.applicationId, delivery.eventId],
        ...[delivery.data ?? {}, notBefore, delivery.notAfter, now, supersedes, bulk],
      ],
    );
    if (queued.length && notBefore <= now && manager.queryRunner) manager.queryRunner.data[QUEUED] = true;
    return queued.length > 0;
  }

  /**
   * What is pending about the topic is moot and will not be sent; one that is on its way at this moment may still
   * arrive, and is then recorded as sent.
   * @returns how many were dropped
   */
  async drop(manager: EntityManager, topic: string): Promise<number> {
    const dropped = { status: 'dropped', finishedAt: this.clock.now() } as const;
    return (await manager.update(Delivery, { topic, status: 'pending' }, dropped)).affected ?? 0;
  }

  /** Whether it still waits to be sent; `drop` waits for the transaction of `manager` then. */
  async holdPending(manager: EntityManager, id: string): Promise<boolean> {
    const where = { id, status: 'pending' } as const;
    return (await manager.findOne(Delivery, { where, lock: { mode: 'pessimistic_write' } })) !== null;
  }

  /** What was told of one authorization about that topic and was not dropped, newest first. */
  async of(authorizationId: string, topic: string, limit = 50): Promise<Delivery[]> {
    return this.dataSource.manager.find(Delivery, {
      where: { authorizationId, topic, status: Not('dropped') },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: limit,
    });
  }
}
