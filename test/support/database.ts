import { randomBytes } from 'node:crypto';
import pg from 'pg';

const server = (): string => process.env['REGRANT_TEST_SERVER'] ?? '';

export interface TestDatabase {
  url: string;
  /** One query on a connection of its own. */
  query<T extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<T[]>;
  drop(): Promise<void>;
}

/** A database of its own for a test file: a clone of the migrated template, or an empty one. */
export async function createDatabase({ empty = false } = {}): Promise<TestDatabase> {
  const name = `regrant_test_${randomBytes(6).toString('hex')}`;
  const template = empty ? 'template0' : process.env['REGRANT_TEST_TEMPLATE'];
  await run(server(), `CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = new URL(server());
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (sql, values) => run(url.href, sql, values),
    drop: async () => {
      await run(server(), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function run<T extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<T[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
