import { Client, DatabaseError } from 'pg';
import { EmbeddedPostgresError } from './errors.js';
import { type ServerProcess } from './postmaster.js';

export const DATABASE = 'regrant';
const INVALID_CATALOG_NAME = '3D000';
const CANNOT_CONNECT_NOW = '57P03';

export function urlOf(server: ServerProcess, password: string): string {
  return `postgresql://regrant:${password}@127.0.0.1:${server.port}/${DATABASE}`;
}

/** Creates our database where it is missing: also after a start that was killed before it came to that. */
export async function ensureDatabase(server: ServerProcess, password: string): Promise<void> {
  try {
    await query(server, password, DATABASE, 'SELECT 1');
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== INVALID_CATALOG_NAME) throw error;
    await query(server, password, 'postgres', `CREATE DATABASE ${DATABASE}`);
  }
}

/**
 * Makes sure that what listens on the port of `server` holds `data` and knows our password (with SCRAM, each
 * side proves that to the other). False: it is shutting down.
 */
export async function answers(server: ServerProcess, password: string, data: string): Promise<boolean> {
  try {
    const [row] = await query(
      server,
      password,
      'postgres',
      "SELECT current_setting('data_directory') AS data",
    );
    if (row?.['data'] !== data) throw new Error('it serves another data folder');
    return true;
  } catch (cause) {
    // Told to stop a moment ago, it has not yet said so in its pid file.
    if (cause instanceof DatabaseError && cause.code === CANNOT_CONNECT_NOW) return false;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbeddedPostgresError(
      'not_ours',
      `A PostgreSQL (process ${server.pid}) runs in ${data} but cannot be used: ${reason}. Stop it and try again.`,
      { cause },
    );
  }
}

async function query(
  server: ServerProcess,
  password: string,
  database: string,
  sql: string,
): Promise<Record<string, unknown>[]> {
  const client = new Client({
    host: '127.0.0.1',
    port: server.port,
    user: 'regrant',
    password,
    database,
    // Said here so that PGSSLMODE in the user's environment does not say otherwise.
    ssl: false,
    connectionTimeoutMillis: 5_000,
  });
  // A connection that breaks makes the query fail; without a listener it would end the process as well.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
