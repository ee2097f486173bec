import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { RegrantConfig } from '../config/config.js';
import { ListeningConnection } from './listening-connection.js';

/** What a signal is about; its key says which one. `names`: what a name that programs use means is another thing now. */
export type Topic = 'authorization' | 'access-token' | 'application' | 'api-key' | 'names';

export interface Listener {
  /** Something about this one has changed. Also told to the process that changed it. */
  heard(key: string): void;
  /** Signals may have been lost: whatever is remembered may be out of date. */
  missed?(): void;
}

const CHANNEL = 'regrant';
/** Milliseconds. Whoever has heard nothing but silence for longer may not believe what it remembers. */
const BELIEVED_FOR = 1000;
const PING_EVERY = 250;
const PROOF_WITHIN = 5000;
const RECONNECT_FIRST = 100;
const RECONNECT_LAST = 5000;

/**
 * Tells every replica within moments what one of them has changed, by PostgreSQL's LISTEN and NOTIFY. What a process
 * remembers may be believed while `current` is true: then every signal up to a second ago has been heard. The listening
 * connection is asked for a sign of life several times a second, so one that died without a word is noticed too.
 */
@Injectable()
export class Signals implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(Signals.name);
  private readonly listeners = new Map<string, Listener[]>();
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();
  /** By `performance.now()`, the clock that nobody sets. */
  private confirmedAt = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
  ) {}

  /** Whether every signal up to a second ago has been heard. */
  get current(): boolean {
    return performance.now() - this.confirmedAt < BELIEVED_FOR;
  }

  listen(topic: Topic, listener: Listener): void {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listener]);
  }

  /** @param manager of the transaction that makes the change: it is heard of with the commit, or never */
  async send(manager: EntityManager, topic: Topic, key: string): Promise<void> {
    await manager.query('SELECT pg_notify($1, $2)', [CHANNEL, `${topic} ${key}`]);
  }

  onApplicationBootstrap(): void {
    this.running = this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  /** Listens, and listens again when that ends, until the process does. */
  private async run(): Promise<void> {
    let wait = 0;
    while (await this.rest(wait)) {
      try {
        await this.listenUntilItEnds(() => {
          if (wait) this.logger.log({ message: 'Changes of other replicas are heard again.' });
          wait = 0;
        });
      } catch (error) {
        if (!this.ending.signal.aborted && wait < RECONNECT_FIRST)
          this.logger.warn(
            `Changes of other replicas are not heard; until they are, everything is looked up: ${(error as Error).message}`,
          );
      }
      wait = Math.min(Math.max(wait * 2, RECONNECT_FIRST), RECONNECT_LAST);
    }
  }

  /** @throws when the connection cannot be made, does not hear what we send, or is lost */
  private async listenUntilItEnds(hears: () => void): Promise<void> {
    const proof = randomUUID();
    let proven = (): void => undefined;
    const proved = new Promise<void>((resolve) => (proven = resolve));
    const url = this.config.databaseListenUrl ?? this.config.databaseUrl ?? '';
    const connection = await ListeningConnection.open(
      url,
      CHANNEL,
      (payload) => (payload === proof ? proven() : this.deliver(payload)),
      () => (this.confirmedAt = -Infinity),
    );
    try {
      await this.prove(proof, proved);
      for (const listener of [...this.listeners.values()].flat()) listener.missed?.();
      hears();
      do {
        const askedAt = performance.now();
        await connection.ping();
        this.confirmedAt = askedAt;
      } while (await this.rest(PING_EVERY));
    } finally {
      this.confirmedAt = -Infinity;
      connection.close();
    }
  }

  /** A signal that goes out by the pool must come in here: a pooler in between, or another database, would swallow it. */
  private async prove(proof: string, proved: Promise<void>): Promise<void> {
    await this.dataSource.query('SELECT pg_notify($1, $2)', [CHANNEL, proof]);
    const timeLimit = new AbortController();
    const tooLate = pause(PROOF_WITHIN, 'too late', { signal: timeLimit.signal, ref: false });
    const outcome = await Promise.race([proved, tooLate.catch(() => undefined)]);
    timeLimit.abort();
    if (outcome === 'too late')
      throw new Error(
        'a notification was sent and did not arrive. DATABASE_LISTEN_URL must be a direct connection to the same database.',
      );
  }

  private deliver(payload: string): void {
    const space = payload.indexOf(' ');
    for (const listener of this.listeners.get(payload.slice(0, space)) ?? [])
      listener.heard(payload.slice(space + 1));
  }

  /** False when the process ends. */
  private async rest(milliseconds: number): Promise<boolean> {
    if (!this.ending.signal.aborted)
      await pause(milliseconds, undefined, { signal: this.ending.signal }).catch(() => undefined);
    return !this.ending.signal.aborted;
  }
}
