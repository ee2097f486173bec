import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { Sealer } from '../../src/crypto/sealer.js';
import { type TestApp } from './app.js';
import { type TestDatabase } from './database.js';
import { api } from './people.js';

export interface RotationAnswer {
  id: string;
  status: 'running' | 'succeeded' | 'failed';
  startedAt: string;
  finishedAt: string | null;
  total: number;
  done: number;
  failures: number;
  reason: string | null;
}

export interface EncryptionAnswer {
  provider: string;
  keys: {
    id: string;
    provider: string;
    current: boolean;
    values: number;
    dataKeys: { id: string; current: boolean; values: number }[];
  }[];
  rotation: RotationAnswer | null;
}

/** One entry of ENCRYPTION_KEYS. */
export const newKey = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;

export const encryption = async (app: { url: string }): Promise<EncryptionAnswer> =>
  (await api<EncryptionAnswer>(app.url, 'GET', '/api/v1/encryption')).body;

/** What each key seals, by its id. */
export const valuesByKey = async (app: { url: string }): Promise<Record<string, number>> =>
  Object.fromEntries((await encryption(app)).keys.map(({ id, values }) => [id, values]));

export async function startRotation(app: { url: string }): Promise<RotationAnswer> {
  const { status, body } = await api<RotationAnswer>(app.url, 'POST', '/api/v1/encryption/rotations');
  if (status !== 202) throw new Error(`The rotation was not started: HTTP ${status}`);
  return body;
}

const HOUR = 3600;

/** Keeps a rotation that was started just now from ending, however long the test takes; `outcome` lets it go on. */
export const holdOff = ({ clock }: TestApp): void => clock.advance(-HOUR);

/** The rotation when it is over; `clock` is moved past the time that it gives other replicas. */
export async function outcome(app: TestApp, { id }: { id: string }): Promise<RotationAnswer> {
  app.clock.advance(HOUR + 10);
  return until(async () => {
    const { body } = await api<RotationAnswer>(app.url, 'GET', `/api/v1/encryption/rotations/${id}`);
    return body.status !== 'running' && body;
  });
}

export const rotate = async (app: TestApp): Promise<RotationAnswer> => outcome(app, await startRotation(app));

/** Runs a statement in a transaction that stays open until `commit`, so that whoever wants the same rows waits. */
export async function holding(
  { url }: TestDatabase,
  sql: string,
  values: unknown[],
): Promise<{ commit(): Promise<void> }> {
  const client = new pg.Client(url);
  // A failed test drops its database with whoever is still connected.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  await client.query(sql, values);
  return {
    commit: async () => {
      await client.query('COMMIT');
      await client.end();
    },
  };
}

/** How many connections of the database wait for a row that somebody holds. */
export async function waitingForRows(database: TestDatabase): Promise<number> {
  const rows = await database.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.length;
}

/** Asks again and again until the answer is something, but leaves the processor to what it waits for. */
export async function until<T>(ask: () => Promise<T | false | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    await pause(10);
  }
}

/**
 * Authorizations with sealed tokens that Amazon never saw; by id, which token.
 * @param applicationId Amazon's; the only application there is when left out
 */
export async function addAuthorizations(
  app: TestApp,
  count: number,
  applicationId?: string,
): Promise<Map<string, string>> {
  const sealer = app.nest.get(Sealer, { strict: false });
  const tokens = new Map(
    Array.from({ length: count }, (_, n) => [randomUUID(), `Atzr|${n}-${'x'.repeat(300)}`]),
  );
  const place = { table: 'authorizations', column: 'sealed_refresh_token' } as const;
  const rows = [...tokens].map(([rowId, token]) => [rowId, sealer.seal(token, { ...place, rowId })]);
  await app.database.query(
    `INSERT INTO authorizations (id, application_id, selling_partner_id, region, partner_type, marketplace_ids,
       workflow, sealed_refresh_token, authorized_at, created_at, updated_at)
     SELECT r.id, a.id, 'A' || r.id, 'NA', 'seller', '{}', 'website', r.sealed, now(), now(), now()
     FROM unnest($1::uuid[], $2::text[]) AS r (id, sealed), (SELECT id FROM applications WHERE application_id = coalesce($3, application_id) LIMIT 1) AS a`,
    [rows.map(([id]) => id), rows.map(([, sealed]) => sealed), applicationId ?? null],
  );
  return tokens;
}

/** Every refresh token in the database, opened; by authorization. */
export async function openAll(app: TestApp): Promise<Map<string, string>> {
  const sealer = app.nest.get(Sealer, { strict: false });
  const rows = await app.database.query<{ id: string; sealed: string }>(
    'SELECT id, sealed_refresh_token AS sealed FROM authorizations WHERE sealed_refresh_token IS NOT NULL',
  );
  const place = { table: 'authorizations', column: 'sealed_refresh_token' } as const;
  const opened = rows.map(async ({ id, sealed }): Promise<[string, string]> => [
    id,
    await sealer.open(sealed, { ...place, rowId: id }),
  ]);
  return new Map(await Promise.all(opened));
}
