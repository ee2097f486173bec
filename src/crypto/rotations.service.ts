import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { DataSource, type EntityManager, type QueryDeepPartialEntity } from 'typeorm';
import { Clock } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import { EventLog } from '../events/event-log.js';
import { DataKeyRow } from './data-key.entity.js';
import { type DataKey, DataKeys, LOOK_EVERY_MS } from './data-keys.service.js';
import { EncryptionRotation } from './encryption-rotation.entity.js';
import { SealError } from './envelope.js';
import { KeyProviderError } from './key-provider.js';
import { Resealing } from './resealing.js';
import { SEALED_COLUMNS } from './sealed-columns.js';
import { SealedValues } from './sealed-values.js';

/** A process that shows no progress for so long counts as dead. */
const LEASE_SECONDS = 20;
/** How often a process looks for a rotation that nobody works on any more. */
const TAKE_OVER_EVERY_MS = 5_000;
/**
 * A rotation lasts at least this long: by then every replica has met the fresh data key (`LOOK_EVERY_MS`) and what it
 * sealed under an older one is written, so that the last sweep finds that as well.
 */
const SETTLED_AFTER_SECONDS = (2 * LOOK_EVERY_MS) / 1000;

/** Another process works on the rotation by now, or it is over. */
class LeaseLost extends Error {}
/** This process is asked to end. */
class Interrupted extends Error {}

/** Re-seals all values under a fresh data key, while the service runs: one rotation at a time, by one replica. */
@Injectable()
export class Rotations implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Rotations.name);
  private readonly owner = randomUUID();
  private working: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ending = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
    private readonly values: SealedValues,
    private readonly resealing: Resealing,
    private readonly events: EventLog,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.nudge();
    this.timer = setInterval(() => this.nudge(), TAKE_OVER_EVERY_MS).unref();
  }

  /** Ends after the batch under way, so that another process, or the next start, goes on at once. */
  async onModuleDestroy(): Promise<void> {
    this.ending = true;
    clearInterval(this.timer);
    await this.working;
  }

  /** Starts a rotation; while one is running, answers that one with `started: false`. */
  async start(actor: string): Promise<{ rotation: EncryptionRotation; started: boolean }> {
    const id = randomUUID();
    const started = await this.dataSource.transaction(async (manager) => {
      const insert = manager.createQueryBuilder().insert().into(EncryptionRotation);
      const row = { id, startedBy: actor, startedAt: this.clock.now() };
      const { raw } = (await insert.values(row).orIgnore().returning('id').execute()) as { raw: unknown[] };
      if (!raw.length) return false;
      await this.events.append(manager, {
        type: 'encryption.rotation_started',
        actor,
        data: { rotationId: id },
      });
      return true;
    });
    if (started) this.nudge();
    const running = started ? null : await this.running();
    // It ended in between: then there is room for ours.
    if (!started && !running) return this.start(actor);
    return { rotation: running ?? (await this.byId(id)), started };
  }

  /** @throws NotFound */
  async byId(id: string): Promise<EncryptionRotation> {
    const rotation = await this.dataSource.manager.findOneBy(EncryptionRotation, { id });
    if (!rotation) throw new NotFound('There is no such rotation.');
    return rotation;
  }

  async running(): Promise<EncryptionRotation | null> {
    return this.dataSource.manager.findOneBy(EncryptionRotation, { status: 'running' });
  }

  /** Works on the rotation that nobody works on, if there is one. */
  private nudge(): void {
    if (this.ending) return;
    this.working ??= this.workIfFree()
      .catch((error: unknown) => this.interrupted(error))
      .finally(() => (this.working = undefined));
  }

  private async workIfFree(): Promise<void> {
    const now = this.clock.now();
    const { raw } = (await this.dataSource
      .createQueryBuilder()
      .update(EncryptionRotation)
      .set({ owner: this.owner, leaseExpiresAt: this.clock.inSeconds(LEASE_SECONDS) })
      .where(`status = 'running' AND (lease_expires_at IS NULL OR lease_expires_at <= :now)`, { now })
      .returning('id')
      .execute()) as { raw: { id: string }[] };
    const [free] = raw;
    if (free) await this.work(await this.byId(free.id));
  }

  private async work(rotation: EncryptionRotation): Promise<void> {
    try {
      const broken = new Set<string>();
      const target = await this.target(rotation);
      const settled = rotation.startedAt.getTime() + SETTLED_AFTER_SECONDS * 1000;
      for (let isSettled = false; !isSettled;) {
        isSettled = this.clock.now().getTime() >= settled;
        await this.sweep(rotation.id, target, broken);
        if (!isSettled) await this.pause(rotation.id);
      }
      if (broken.size) {
        await this.finish(
          rotation,
          'failed',
          'Some values do not open; the log names them. Nothing of them was changed.',
        );
      } else {
        await this.wrapAnew();
        await this.finish(rotation, 'succeeded', null);
      }
    } catch (error) {
      // What trying again cannot help ends the rotation; all else is tried again by whoever gets the lease next.
      const hopeless =
        error instanceof SealError || (error instanceof KeyProviderError && error.kind === 'refused');
      if (!hopeless) throw error;
      await this.finish(rotation, 'failed', error.message);
    }
  }

  /** The fresh data key of this rotation, made once. */
  private async target({ id, dataKeyId }: EncryptionRotation): Promise<DataKey> {
    if (dataKeyId) return this.dataKeys.load(dataKeyId);
    const target = await this.dataKeys.create();
    const counts = await this.values.countByKey();
    const total = [...counts].reduce((sum, [key, count]) => (key === target.id ? sum : sum + count), 0);
    await this.progress(this.dataSource.manager, id, { dataKeyId: target.id, total });
    return target;
  }

  /** Re-seals whatever is not under the target. A data key that is newer still is as good. */
  private async sweep(id: string, target: DataKey, broken: Set<string>): Promise<void> {
    for (const column of SEALED_COLUMNS)
      for (const keyId of await this.values.keysIn(column)) {
        const from = await this.dataKeys.load(keyId);
        if (from.number >= target.number) continue;
        await this.resealing.reseal(column, from, target, broken, async (manager, { resealed, failures }) => {
          await this.progress(manager, id, { done: () => `done + ${resealed}`, failures });
        });
      }
  }

  private async pause(id: string): Promise<void> {
    await this.progress(this.dataSource.manager, id, {});
    await wait(100);
  }

  /** Every data key goes under the first key of the provider: the older ones then wrap nothing and can be dropped. */
  private async wrapAnew(): Promise<void> {
    const rows = await this.dataSource.manager.find(DataKeyRow, { select: { id: true } });
    for (const { id } of rows) await this.dataKeys.rewrap(id);
  }

  private async finish(rotation: EncryptionRotation, status: 'succeeded' | 'failed', reason: string | null) {
    const { id, startedBy: actor } = rotation;
    await this.dataSource.transaction(async (manager) => {
      await this.progress(manager, id, { status, reason, finishedAt: this.clock.now() });
      const { total, done, failures } = await manager.findOneByOrFail(EncryptionRotation, { id });
      // Values come and go during a rotation: what was counted at first is only near the truth.
      if (status === 'succeeded' && total !== done)
        await manager.update(EncryptionRotation, { id }, { total: done });
      await this.events.append(manager, {
        type: 'encryption.rotation_finished',
        actor,
        data: { rotationId: id, status, done, failures },
      });
    });
    this.logger.log(`Rotation ${id} ${status}`);
  }

  /** Extends the lease with every change. @throws LeaseLost, Interrupted */
  private async progress(
    manager: EntityManager,
    id: string,
    change: QueryDeepPartialEntity<EncryptionRotation>,
  ): Promise<void> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(EncryptionRotation)
      .set({ ...change, leaseExpiresAt: this.clock.inSeconds(LEASE_SECONDS) })
      .where(`id = :id AND owner = :owner AND status = 'running'`, { id, owner: this.owner })
      .execute();
    if (!affected) throw new LeaseLost();
    if (this.ending) throw new Interrupted();
  }

  private async interrupted(error: unknown): Promise<void> {
    if (error instanceof LeaseLost) return;
    if (!(error instanceof Interrupted)) this.logger.warn(`The rotation was interrupted: ${String(error)}`);
    await this.dataSource.manager
      .update(
        EncryptionRotation,
        { owner: this.owner, status: 'running' },
        { leaseExpiresAt: this.clock.now() },
      )
      .catch(() => undefined);
  }
}
