import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { keyIdSql, SEALED_COLUMNS, type SealedColumn } from './sealed-columns.js';

/** One sealed value as it lies in the database. */
export interface SealedRow {
  id: string;
  sealed: string;
}

/** Finds sealed values by the data key they are under, by the index that every sealed column has for it. */
@Injectable()
export class SealedValues {
  constructor(private readonly dataSource: DataSource) {}

  /** Ids of data keys that seal anything in the column. Hops through the index: as many steps as there are ids. */
  async keysIn({ table, column }: SealedColumn): Promise<string[]> {
    const keyId = keyIdSql(column);
    const next = (after: string) =>
      `SELECT ${keyId} FROM ${table} WHERE ${keyId} > ${after} ORDER BY ${keyId} LIMIT 1`;
    const rows = await this.dataSource.query<{ id: string }[]>(
      `WITH RECURSIVE used AS (
         SELECT (${next(`''`)}) AS id
         UNION ALL
         SELECT (${next('used.id')}) FROM used WHERE used.id IS NOT NULL
       )
       SELECT id FROM used WHERE id IS NOT NULL`,
    );
    return rows.map(({ id }) => id);
  }

  /** Ids of data keys that seal anything at all. */
  async keysInUse(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const column of SEALED_COLUMNS) for (const id of await this.keysIn(column)) ids.add(id);
    return ids;
  }

  /** How many values each data key seals. Reads every sealed row once: for operators, not for requests. */
  async countByKey(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const { table, column } of SEALED_COLUMNS) {
      const rows = await this.dataSource.query<{ id: string; count: string }[]>(
        `SELECT ${keyIdSql(column)} AS id, count(*) AS count FROM ${table} WHERE ${column} IS NOT NULL GROUP BY 1`,
      );
      for (const { id, count } of rows) counts.set(id, (counts.get(id) ?? 0) + Number(count));
    }
    return counts;
  }

  /** Up to `limit` values of the column under one data key, in the order of row ids, after the row `after`. */
  async page(
    { table, column }: SealedColumn,
    keyId: string,
    after: string,
    limit: number,
  ): Promise<SealedRow[]> {
    return this.dataSource.query(
      `SELECT id, ${column} AS sealed FROM ${table}
       WHERE ${keyIdSql(column)} = $1 AND id > $2 ORDER BY id LIMIT $3`,
      [keyId, after, limit],
    );
  }
}
