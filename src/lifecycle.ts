import { type Logger } from './common/logger.js';

/** What a start or requests in flight get once the end was asked for; the whole end stays below ten seconds. */
export const PATIENCE_SECONDS = 7;

/**
 * The life of the process. From its making on, SIGTERM, SIGINT and the death of the parent end what runs, also in the
 * middle of the start: what has been started is stopped in reverse order, and the exit status is that of a clean end.
 */
export class Lifecycle {
  private readonly ending = new AbortController();
  private readonly stops: (() => Promise<void>)[] = [];
  private started: Promise<void> = Promise.resolve();

  constructor(private readonly logger: Logger) {
    process.on('SIGTERM', () => this.end('SIGTERM'));
    process.on('SIGINT', () => this.end('SIGINT'));
    if (!process.send) return;
    // Started by a parent that is gone, perhaps before we could listen for it: nobody would stop us any more.
    process.on('disconnect', () => this.end('the parent process is gone'));
    if (!process.connected) this.end('the parent process is gone');
  }

  /** Aborted once the end was asked for. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** Notes how to stop what has just been started. */
  onEnd(stop: () => Promise<void>): void {
    this.stops.push(stop);
  }

  /**
   * Runs the start, whose steps look at `signal`; resolves when all runs, or when the end broke it off.
   * @throws what the start failed with, after all that had been started was stopped
   */
  async run(start: () => Promise<void>): Promise<void> {
    this.started = start();
    try {
      await this.started;
    } catch (error) {
      // The end was asked for: that the start broke off is what it should do, and `end` does the rest.
      if (this.signal.aborted) return;
      await this.stopAll();
      throw error;
    }
  }

  private end(reason: string): void {
    if (this.signal.aborted) return;
    this.logger.info({ reason }, 'ending: finishing what is in flight');
    this.ending.abort();
    // In a turn of its own: `run` may not have begun yet.
    setImmediate(() => void this.breakOff().finally(() => process.exit()));
  }

  private async breakOff(): Promise<void> {
    const patience = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_SECONDS * 1000).unref());
    await Promise.race([this.started.catch(() => undefined), patience]);
    await this.stopAll();
  }

  /** The last one started goes first. One that fails does not keep the others from being stopped. */
  private async stopAll(): Promise<void> {
    for (let stop = this.stops.pop(); stop; stop = this.stops.pop())
      await stop().catch((error: unknown) => this.logger.error({ err: error }, 'the end was not clean'));
  }
}
