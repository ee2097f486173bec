// Sealing and opening per second, and re-sealing rows per second beside a plain UPDATE of the same rows.
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { openUnder, sealUnder } from '../dist/crypto/envelope.js';
import { addAuthorizations, COLUMN, settingsFor, TOKEN, withService } from './support/authorizations.mjs';
import { median } from './support/load.mjs';

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
  return withService(settingsFor(databaseUrl), async (service) => {
    const { dataSource, dataKeys, resealing } = service;
    await addAuthorizations(service, rows);
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
  });
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
