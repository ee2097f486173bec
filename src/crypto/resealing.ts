import { Injectable, Logger } from '@nestjs/common';
import { setImmediate as breathe } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { DataKeys } from './data-keys.service.js';
import { openUnder, SealError, sealUnder, type SealingKey } from './envelope.js';
import { type SealedColumn } from './sealed-columns.js';
import { type SealedRow, SealedValues } from './sealed-values.js';

/** Rows of one transaction: few enough that whoever wants one of them meanwhile hardly waits. */
const BATCH = 250;
/** Values after which other work of this process gets its turn. */
const SLICE = 25;
const BEFORE_ALL_ROWS = '00000000-0000-0000-0000-000000000000';

export interface Batch {
  resealed: number;
  /** Values so far that do not open. */
  failures: number;
}

interface Fresh {
  id: string;
  old: string;
  plaintext: string;
  sealed: string;
}

/** Puts the values of a column from one data key under another, while everybody goes on using them. */
@Injectable()
export class Resealing {
  private readonly logger = new Logger(Resealing.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
    private readonly values: SealedValues,
  ) {}

  /**
   * Goes through the values under `from` batch by batch, in the order of row ids. Started again after a kill it goes on
   * where it was: what is done is no longer under `from`.
   * @param record is called in the transaction of each batch; when it throws, the batch is taken back
   * @param broken collects rows that do not open; they are left as they are and met once
   */
  async reseal(
    column: SealedColumn,
    from: SealingKey,
    to: SealingKey,
    broken: Set<string>,
    record: (manager: EntityManager, batch: Batch) => Promise<void>,
  ): Promise<void> {
    for (let after = BEFORE_ALL_ROWS; ;) {
      const rows = await this.values.page(column, from.id, after, BATCH);
      const last = rows.at(-1);
      if (!last) return;
      after = last.id;
      const fresh = await this.sealAnew(column, rows, from, to, broken);
      await this.dataSource.transaction(async (manager) => {
        // Losing the newest batches to a crash of the database only means to seal them again.
        await manager.query(`SELECT set_config('synchronous_commit', 'off', true)`);
        const resealed = await this.swap(manager, column, fresh, to);
        await record(manager, { resealed, failures: broken.size });
      });
    }
  }

  private async sealAnew(
    column: SealedColumn,
    rows: SealedRow[],
    from: SealingKey,
    to: SealingKey,
    broken: Set<string>,
  ): Promise<Fresh[]> {
    const fresh: Fresh[] = [];
    for (const [index, { id, sealed: old }] of rows.entries()) {
      if (index % SLICE === SLICE - 1) await breathe();
      const place = { ...column, rowId: id };
      try {
        const plaintext = openUnder(from, old, place);
        fresh.push({ id, old, plaintext, sealed: sealUnder(to, plaintext, place) });
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        const name = `${column.table} ${id}`;
        if (!broken.has(name)) this.logger.error(`A sealed value in ${name} does not open: ${error.message}`);
        broken.add(name);
      }
    }
    this.dataKeys.count(fresh.length);
    return fresh;
  }

  /** Compare and swap: a value that was renewed meanwhile stays as it is. What was written is opened before the commit. */
  private async swap(
    manager: EntityManager,
    column: SealedColumn,
    fresh: Fresh[],
    to: SealingKey,
  ): Promise<number> {
    const [written] = await manager.query<[SealedRow[]]>(
      `UPDATE ${column.table} AS t SET ${column.column} = v.sealed
       FROM unnest($1::uuid[], $2::text[], $3::text[]) AS v (id, old, sealed)
       WHERE t.id = v.id AND t.${column.column} = v.old
       RETURNING t.id, t.${column.column} AS sealed`,
      [fresh.map(({ id }) => id), fresh.map(({ old }) => old), fresh.map(({ sealed }) => sealed)],
    );
    const wanted = new Map(fresh.map(({ id, plaintext }) => [id, plaintext]));
    for (const [index, { id, sealed }] of written.entries()) {
      if (index % SLICE === SLICE - 1) await breathe();
      if (openUnder(to, sealed, { ...column, rowId: id }) !== wanted.get(id))
        throw new SealError(`what was written into ${column.table} ${id} is not what was read there`);
    }
    return written.length;
  }
}
