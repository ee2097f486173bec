import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { DataSource, MoreThan } from 'typeorm';
import { Clock } from '../common/clock.js';
import { RegrantError } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';
import { DataKeyRow } from './data-key.entity.js';
import { SealError, type SealingKey } from './envelope.js';
import { KeyProvider, KeyProviderError } from './key-provider.js';
import { KeyCheck } from './key-check.js';

/** A data key in clear. `KeyObject` keeps the bytes out of whatever prints or serializes an object. */
export interface DataKey extends SealingKey {
  readonly number: number;
  readonly createdAt: Date;
  readonly key: KeyObject;
}

/**
 * A data key seals no more than this. With random 96-bit IVs, NIST SP 800-38D (8.3) allows 2^32 seals under one key,
 * for all devices together, so that an IV repeats with a probability below 2^-32. We stop at half of it: replicas
 * report their seals every few seconds, and what a killed one had not reported yet is lost from the count.
 */
const MOST_SEALS = 2 ** 31;
/** And it seals no longer than this, so that a key that leaks gives away a bounded time. */
const LONGEST_USE_DAYS = 90;

/** How often a replica reports its seals and looks for a newer data key. */
export const LOOK_EVERY_MS = 2_000;
/** How long a request waits for a provider that does not answer. */
const REQUEST_WAIT_MS = 2_000;

/**
 * The keys that seal: made here, wrapped by the `KeyProvider`, kept wrapped in the database and in clear in memory
 * only. A new one made by one replica is known to the others when they first meet it, or seconds later.
 */
@Injectable()
export class DataKeys implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(DataKeys.name);
  private readonly keys = new Map<string, DataKey>();
  private readonly loading = new Map<string, Promise<DataKey>>();
  private newest: DataKey | undefined;
  private unreported = 0;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly provider: KeyProvider,
    private readonly check: KeyCheck,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Unwraps every data key in use, and makes the first one on an empty database.
   * @throws Error that says which key is missing or wrong, and KeyProviderError when the provider stays silent
   */
  async onModuleInit(): Promise<void> {
    const patience = this.config.keyProvider.waitSeconds * 1000;
    const needed = await this.check.neededAtStart();
    for (const row of needed) await this.adopt(row, patience);
    if (!this.newest || this.isWornOut(0)) await this.create(patience);
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
    await this.report().catch((error: unknown) =>
      this.logger.warn(`Seals were not reported: ${String(error)}`),
    );
  }

  /** The data key to seal one value under; counts the seal. */
  forSealing(): DataKey {
    this.unreported++;
    return this.current;
  }

  /** The newest data key. */
  get current(): DataKey {
    if (!this.newest) throw new SealError('there is no data key yet');
    return this.newest;
  }

  /** The data key, when it is in memory. */
  find(id: string): DataKey | undefined {
    return this.keys.get(id);
  }

  /**
   * The data key, unwrapped first when this replica has not met it yet.
   * @throws SealError for an id that does not exist, and `internal` (503) when the key provider does not give it
   */
  async load(id: string): Promise<DataKey> {
    const known = this.keys.get(id) ?? this.loading.get(id);
    if (known) return known;
    const loading = this.fetch(id).finally(() => this.loading.delete(id));
    this.loading.set(id, loading);
    return loading;
  }

  /**
   * Makes the next data key, under the first key of the provider; it seals from now on. When another replica is faster,
   * that one's key is the answer.
   * @throws KeyProviderError
   */
  async create(patience = REQUEST_WAIT_MS): Promise<DataKey> {
    const number = (this.newest?.number ?? 0) + 1;
    const id = `dk_${randomBytes(9).toString('base64url')}`;
    const { plaintext, wrapped } = await untilAnswered(() => this.provider.generate(id), patience);
    const row = { id, number, ...wrapped, createdAt: this.clock.now() };
    const insert = this.dataSource.createQueryBuilder().insert().into(DataKeyRow).values(row).orIgnore();
    const inserted = (await insert.returning('id').execute()).raw as unknown[];
    if (inserted.length) this.remember(row, plaintext);
    else await this.adoptNewer(patience);
    return this.current;
  }

  /**
   * Wraps a data key anew by the first key of the provider. Its old wrapping is gone afterwards.
   * @throws KeyProviderError
   */
  async rewrap(id: string): Promise<void> {
    const plaintext = (await this.load(id)).key.export();
    const wrapped = await untilAnswered(() => this.provider.wrap(id, plaintext), REQUEST_WAIT_MS);
    const proof = await untilAnswered(() => this.provider.unwrap(id, wrapped), REQUEST_WAIT_MS);
    if (!proof.equals(plaintext))
      throw new KeyProviderError('refused', `The key "${wrapped.keyId}" does not unwrap what it wrapped.`);
    for (const bytes of [plaintext, proof]) bytes.fill(0);
    await this.dataSource.manager.update(DataKeyRow, { id }, wrapped);
  }

  /** Seals that did not go through `forSealing`: counted with the others. */
  count(seals: number): void {
    this.unreported += seals;
  }

  private async fetch(id: string): Promise<DataKey> {
    const row = await this.dataSource.manager.findOneBy(DataKeyRow, { id });
    if (!row) throw new SealError(`the value is sealed under key "${id}", which does not exist`);
    try {
      return await this.adopt(row, REQUEST_WAIT_MS);
    } catch (error) {
      if (!(error instanceof KeyProviderError)) throw error;
      const message = 'The service cannot reach the keys that it needs for this.';
      throw new RegrantError('internal', 503, 'Regrant is not available right now', message, {
        retryAfterSeconds: 5,
        cause: error,
      });
    }
  }

  private async adopt(row: DataKeyRow, patience: number): Promise<DataKey> {
    return this.remember(row, await untilAnswered(() => this.provider.unwrap(row.id, row), patience));
  }

  private remember(
    { id, number, createdAt }: Pick<DataKeyRow, 'id' | 'number' | 'createdAt'>,
    plaintext: Buffer,
  ) {
    const key = { id, number, createdAt, key: createSecretKey(plaintext) };
    plaintext.fill(0);
    this.keys.set(id, key);
    if (number > (this.newest?.number ?? 0)) this.newest = key;
    return key;
  }

  private async adoptNewer(patience = REQUEST_WAIT_MS): Promise<void> {
    const newer = await this.dataSource.manager.find(DataKeyRow, {
      where: { number: MoreThan(this.newest?.number ?? 0) },
      order: { number: 'ASC' },
    });
    for (const row of newer) await this.adopt(row, patience);
  }

  private look(): void {
    this.looking ??= this.lookOnce()
      .catch((error: unknown) => this.logger.warn(`Data keys were not looked after: ${String(error)}`))
      .finally(() => (this.looking = undefined));
  }

  private async lookOnce(): Promise<void> {
    await this.adoptNewer();
    if (this.isWornOut(await this.report())) await this.create();
  }

  /** Adds our seals since the last time to the count of the newest data key, and answers that count. */
  private async report(): Promise<number> {
    const seals = this.unreported;
    if (!seals || !this.newest) return 0;
    this.unreported = 0;
    const [[row]] = await this.dataSource.query<[{ seals: string }[]]>(
      'UPDATE data_keys SET seals = seals + $1 WHERE id = $2 RETURNING seals',
      [seals, this.newest.id],
    );
    return Number(row?.seals ?? 0);
  }

  private isWornOut(seals: number): boolean {
    return seals >= MOST_SEALS || this.current.createdAt <= this.clock.inSeconds(-LONGEST_USE_DAYS * 86_400);
  }
}

/**
 * Tries again, with growing pauses, while the provider does not answer; gives up after `patience` milliseconds.
 * @throws KeyProviderError at once when it is `refused`
 */
async function untilAnswered<T>(work: () => Promise<T>, patience: number): Promise<T> {
  const end = performance.now() + patience;
  for (let pause = 250; ; pause = Math.min(pause * 2, 4_000)) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof KeyProviderError && error.kind === 'unavailable';
      if (!again || performance.now() + pause > end) throw error;
      await wait(pause);
    }
  }
}
