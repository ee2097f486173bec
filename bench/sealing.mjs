// Sealing and opening per second, and re-sealing rows per second beside a plain UPDATE of the same rows.
// Alone: `node scripts/build.mjs && node bench/sealing.mjs [rows]`.
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/config/config.js';
import { DataKeys } from '../dist/crypto/data-keys.service.js';
import { openUnder, sealUnder } from '../dist/crypto/envelope.js';
import { Resealing } from '../dist/crypto/resealing.js';
import { EmbeddedPostgres } from '../dist/database/embedded/embedded-postgres.js';
import { migrate } from '../dist/database/migrate.js';

const COLUMN = { table: 'authorizations', column: 'sealed_refresh_token' };
/** As long as Amazon's refresh tokens are. */
const TOKEN = `Atzr|${randomBytes(280).toString('base64url')}`;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Times `work` per second over `count` times. */
async function rate(count, work) {
  const started = performance.now();
  await work();
  return count / ((performance.now() - started) / 1000);
}

/** One core's sealing and opening of a refresh token: `{ seals, opens }` per second, medians of `rounds`. */
export async function measureSealing({ count = 50_000, rounds = 5 } = {}) {
  const key = { id: 'dk_bench0000000', key: createSecretKey(randomBytes(32)) };
  const place = { ...COLUMN, rowId: randomUUID() };
  const sealed = sealUnder(key, TOKEN, place);
  const results = { seals: [], opens: [] };
  for (let round = 0; round < rounds; round++) {
    results.seals.push(await rate(count, () => repeat(count, () => sealUnder(key, TOKEN, place))));
    results.opens.push(await rate(count, () => repeat(count, () => openUnder(key, sealed, place))));
  }
  return { seals: median(results.seals), opens: median(results.opens) };
}

function repeat(count, work) {
  for (let n = 0; n < count; n++) work();
}

/**
 * Rows per second, medians of interleaved rounds: `{ resealed, updated, ratio }`. The plain UPDATE is one statement
 * over a copy of the same rows with the same indexes, and changes as much: the sealed column and its index entry.
 * @param databaseUrl of an empty database
 */
export async function measureResealing(databaseUrl, { rows = 20_000, rounds = 5 } = {}) {
  await migrate(databaseUrl);
  const config = parseConfig({
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    SPAPI_APPLICATION_ID: 'amzn1.sp.solution.bench',
    LWA_CLIENT_ID: 'bench',
    LWA_CLIENT_SECRET: 'bench',
    LOG_LEVEL: 'warn',
  });
  const { nest } = await createApp(config);
  try {
    const dataKeys = nest.get(DataKeys, { strict: false });
    const resealing = nest.get(Resealing, { strict: false });
    const { dataSource } = resealing;
    await addAuthorizations(dataSource, dataKeys.current, rows);
    await dataSource.query('CREATE TABLE copy (LIKE authorizations INCLUDING ALL)');
    await dataSource.query('INSERT INTO copy SELECT * FROM authorizations');
    await dataSource.query('VACUUM ANALYZE authorizations, copy');
    const results = { resealed: [], updated: [] };
    for (let round = 0; round < rounds; round++) {
      const [from, to] = [dataKeys.current, await dataKeys.create()];
      results.resealed.push(await rate(rows, () => reseal(dataSource, resealing, from, to)));
      results.updated.push(await rate(rows, () => update(dataSource, to.id)));
      await dataSource.query('VACUUM authorizations, copy');
    }
    const [resealed, updated] = [median(results.resealed), median(results.updated)];
    return { resealed, updated, ratio: resealed / updated };
  } finally {
    await nest.close();
  }
}

/** As a rotation does it, with the progress that it records in each transaction. */
async function reseal(dataSource, resealing, from, to) {
  const id = randomUUID();
  await dataSource.query(
    `INSERT INTO encryption_rotations (id, status, started_by, started_at) VALUES ($1, 'succeeded', 'bench', now())`,
    [id],
  );
  await resealing.reseal(COLUMN, from, to, new Set(), (manager, { resealed }) =>
    manager.query('UPDATE encryption_rotations SET done = done + $2 WHERE id = $1', [id, resealed]),
  );
}

const update = (dataSource, keyId) =>
  dataSource.query(
    `UPDATE copy SET sealed_refresh_token = 's1.' || $1 || '.' || split_part(sealed_refresh_token, '.', 3)`,
    [keyId],
  );

async function addAuthorizations(dataSource, key, rows) {
  const ids = Array.from({ length: rows }, () => randomUUID());
  const sealed = ids.map((rowId) => sealUnder(key, TOKEN, { ...COLUMN, rowId }));
  await dataSource.query(
    `INSERT INTO authorizations (id, application_id, selling_partner_id, region, partner_type, marketplace_ids,
       workflow, sealed_refresh_token, authorized_at, created_at, updated_at)
     SELECT r.id, a.id, 'A' || r.id, 'NA', 'seller', '{}', 'website', r.sealed, now(), now(), now()
     FROM unnest($1::uuid[], $2::text[]) AS r (id, sealed), (SELECT id FROM applications) AS a`,
    [ids, sealed],
  );
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'regrant-bench-'));
  chmodSync(folder, 0o711);
  const embedded = await EmbeddedPostgres.start({ directory: folder, port: 0 });
  try {
    const { seals, opens } = await measureSealing();
    const rows = Number(process.argv[2] ?? 20_000);
    const { resealed, updated, ratio } = await measureResealing(embedded.url, { rows });
    console.table({
      'seal, per second': Math.round(seals),
      'open, per second': Math.round(opens),
      're-seal, rows per second': Math.round(resealed),
      'plain UPDATE, rows per second': Math.round(updated),
      're-seal / plain UPDATE': Number(ratio.toFixed(2)),
    });
  } finally {
    await embedded.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
