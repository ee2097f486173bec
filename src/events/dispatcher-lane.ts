import { Logger } from '@nestjs/common';
import { type Clock } from '../common/clock.js';
import { type DeliveryAttempts } from './delivery-attempts.service.js';
import { type Delivery, type SentTo } from './delivery.entity.js';
import {
  ChannelDown,
  DeliveryDeferred,
  type DeliveryChannel,
  DeliveryMoot,
  DeliveryRefused,
  type HandOver,
} from './delivery-channel.js';

/** How many deliveries are prepared at once. */
const PREPARED = 10;
/** How long a claim holds beyond one hand-over: for those before it in the line, and to note what became of it. */
const MARGIN_SECONDS = 60;
/** How long nothing is tried after the channel was found down. Deliveries that were not tried lose no time by it. */
const PAUSE_SECONDS = 15;

/**
 * The deliveries of one channel, as one process sends them: some are prepared at once, but one at a time is handed over
 * and noted. So at most one was handed over and not noted when the process is killed, and only that one is sent again.
 */
export class DispatcherLane {
  private readonly logger = new Logger('Dispatcher');
  private readonly inFlight = new Set<Promise<void>>();
  private line: Promise<void> = Promise.resolve();
  private pump: Promise<void> | undefined;
  private again = false;
  private closed = false;
  private pausedUntil = new Date(0);
  private down = false;

  constructor(
    private readonly channel: DeliveryChannel,
    private readonly attempts: DeliveryAttempts,
    private readonly clock: Clock,
  ) {}

  wake(): void {
    this.again = true;
    this.pump ??= this.run().finally(() => {
      this.pump = undefined;
      // Woken in the very moment of falling asleep.
      if (this.again && !this.resting()) this.wake();
    });
  }

  async drain(): Promise<void> {
    this.wake();
    await this.pump;
    await Promise.all(this.inFlight);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.pump;
    await Promise.all(this.inFlight);
  }

  private async run(): Promise<void> {
    try {
      while (this.again && !this.resting()) {
        this.again = false;
        while (!this.resting() && (await this.claimSome()));
      }
    } catch (error) {
      // The database is away: the next poll tries again, and a lease ends by itself.
      const { code, name } = error as { code?: string; name?: string };
      this.logger.warn(`deliveries cannot be read: ${code ?? name}`);
    }
  }

  /** False when nothing is due. Claims in groups: half of the places are free before it asks again. */
  private async claimSome(): Promise<boolean> {
    const { name, longestSeconds } = this.channel;
    while (this.inFlight.size > PREPARED / 2) await Promise.race(this.inFlight);
    if (this.resting()) return false;
    const free = PREPARED - this.inFlight.size;
    const claimed = await this.attempts.claim(name, free, longestSeconds + MARGIN_SECONDS);
    for (const delivery of claimed) this.start(delivery);
    return claimed.length > 0;
  }

  private start(delivery: Delivery): void {
    const trying: Promise<void> = this.attempt(delivery)
      .catch((error: unknown) => {
        const { code, name } = error as { code?: string; name?: string };
        this.logger.warn(`what became of delivery ${delivery.id} cannot be stored: ${code ?? name}`);
      })
      .finally(() => this.inFlight.delete(trying));
    this.inFlight.add(trying);
  }

  private async attempt(delivery: Delivery): Promise<void> {
    if (delivery.notAfter && delivery.notAfter <= this.clock.now())
      return this.attempts.moot(delivery, 'too late');
    let handOver: HandOver;
    try {
      handOver = await this.channel.prepare(delivery);
    } catch (error) {
      return this.note(delivery, error);
    }
    const turn = this.line.then(() => this.handOver(delivery, handOver));
    this.line = turn.catch(() => undefined);
    return turn;
  }

  private async handOver(delivery: Delivery, handOver: HandOver): Promise<void> {
    const lastMoment = delivery.nextAttemptAt.getTime() - this.channel.longestSeconds * 1000;
    if (this.resting() || this.clock.now().getTime() > lastMoment) return this.attempts.putBack(delivery);
    if (!(await this.attempts.isWanted(delivery))) return;
    let sentTo: SentTo;
    try {
      sentTo = await handOver();
    } catch (error) {
      return this.note(delivery, error);
    }
    if (this.down) this.logger.log(`channel ${this.channel.name} works again`);
    this.down = false;
    await this.attempts.sent(delivery, sentTo);
  }

  /** Never an error's own text: servers repeat addresses in it. */
  private async note(delivery: Delivery, error: unknown): Promise<void> {
    if (error instanceof DeliveryMoot) return this.attempts.moot(delivery, error.code);
    if (error instanceof DeliveryRefused) {
      this.logger.warn(`delivery ${delivery.id} (${delivery.template}) was refused: ${error.code}`);
      return this.attempts.refused(delivery, error.code);
    }
    if (error instanceof ChannelDown) this.rest(error.code);
    const known = error instanceof ChannelDown || error instanceof DeliveryDeferred;
    if (!known) this.logger.error(`delivery ${delivery.id} (${delivery.template}) failed`, stackOf(error));
    await this.attempts.failed(delivery, known ? error.code : 'internal');
  }

  private rest(code: string): void {
    this.pausedUntil = this.clock.inSeconds(PAUSE_SECONDS);
    if (!this.down) this.logger.warn(`channel ${this.channel.name} is down (${code}); trying again later`);
    this.down = true;
  }

  private resting(): boolean {
    return this.closed || this.clock.now() < this.pausedUntil;
  }
}

/** Where it happened, without what was said. */
const stackOf = (error: unknown): string | undefined =>
  error instanceof Error ? `${error.name}\n${error.stack?.match(/^ +at .*$/gm)?.join('\n')}` : undefined;
