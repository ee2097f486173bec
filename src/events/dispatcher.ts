import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource, type EntitySubscriberInterface, type TransactionCommitEvent } from 'typeorm';
import { Clock } from '../common/clock.js';
import { QUEUED } from './deliveries.service.js';
import { DeliveryAttempts } from './delivery-attempts.service.js';
import { type DeliveryChannel } from './delivery-channel.js';
import { DispatcherLane } from './dispatcher-lane.js';

const POLL_MS = 2_000;
/** How long the end of the process waits for deliveries in flight. */
const LAST_DELIVERIES_MS = 4_000;

/**
 * Sends what `Deliveries` has queued: one per process, any number of them on one database. Woken by every commit of
 * this process that queued something, and by a poll for what other processes queued, retries and leases of the dead.
 */
@Injectable()
export class Dispatcher
  implements EntitySubscriberInterface, OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly lanes: DispatcherLane[] = [];

  constructor(
    dataSource: DataSource,
    private readonly attempts: DeliveryAttempts,
    private readonly clock: Clock,
  ) {
    dataSource.subscribers.push(this);
  }

  /** From now on this channel's deliveries are sent. */
  register(channel: DeliveryChannel): void {
    this.lanes.push(new DispatcherLane(channel, this.attempts, this.clock));
  }

  onApplicationBootstrap(): void {
    this.wake();
  }

  afterTransactionCommit({ queryRunner }: TransactionCommitEvent): void {
    if (queryRunner.data[QUEUED] && !queryRunner.isTransactionActive) this.wake();
  }

  /** Looks for due deliveries at once. */
  @Interval(POLL_MS)
  wake(): void {
    for (const lane of this.lanes) lane.wake();
  }

  /** Sends all that is due at this moment; resolves when that has been tried. */
  async drain(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.drain()));
  }

  /** Claims nothing any more and lets what is in flight arrive. */
  async beforeApplicationShutdown(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise((resolve) => (timer = setTimeout(resolve, LAST_DELIVERIES_MS)));
    await Promise.race([Promise.all(this.lanes.map((lane) => lane.close())), tooLong]);
    clearTimeout(timer);
  }
}
