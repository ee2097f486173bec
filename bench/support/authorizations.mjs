import { randomBytes, randomUUID } from 'node:crypto';
import { createApp } from '../../dist/app.js';
import { parseConfig } from '../../dist/config/config.js';
import { DataKeys } from '../../dist/crypto/data-keys.service.js';
import { sealUnder } from '../../dist/crypto/envelope.js';
import { Resealing } from '../../dist/crypto/resealing.js';
import { migrate } from '../../dist/database/migrate.js';

export const COLUMN = { table: 'authorizations', column: 'sealed_refresh_token' };
/** As long as Amazon's refresh tokens are. */
export const TOKEN = `Atzr|${randomBytes(280).toString('base64url')}`;

/** Settings of a service with one application on this database. */
export const settingsFor = (databaseUrl) => ({
  DATABASE_URL: databaseUrl,
  ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
  SPAPI_APPLICATION_ID: 'amzn1.sp.solution.bench',
  LWA_CLIENT_ID: 'bench',
  LWA_CLIENT_SECRET: 'bench',
});

/** Migrates the database and builds the service in this process, not listening, for `work` to reach into. */
export async function withService(settings, work) {
  await migrate(settings.DATABASE_URL);
  const { nest } = await createApp(parseConfig({ NODE_ENV: 'test', LOG_LEVEL: 'error', ...settings }));
  try {
    const dataKeys = nest.get(DataKeys, { strict: false });
    const resealing = nest.get(Resealing, { strict: false });
    return await work({ nest, dataKeys, resealing, dataSource: resealing.dataSource });
  } finally {
    await nest.close();
  }
}

/** Adds so many active authorizations of the application and answers their ids. */
export async function addAuthorizations({ dataSource, dataKeys }, count) {
  const ids = Array.from({ length: count }, () => randomUUID());
  const sealed = ids.map((rowId) => sealUnder(dataKeys.current, TOKEN, { ...COLUMN, rowId }));
  await dataSource.query(
    `INSERT INTO authorizations (id, application_id, selling_partner_id, region, partner_type, marketplace_ids,
       workflow, sealed_refresh_token, authorized_at, created_at, updated_at)
     SELECT r.id, a.id, 'A' || r.id, 'NA', 'seller', '{}', 'website', r.sealed, now(), now(), now()
     FROM unnest($1::uuid[], $2::text[]) AS r (id, sealed), (SELECT id FROM applications) AS a`,
    [ids, sealed],
  );
  return ids;
}

/** The settings of a service with so many authorizations on a new database, and their ids. */
export async function prepare(stage, count) {
  const settings = settingsFor(await stage.database());
  const ids = await withService(settings, (service) => addAuthorizations(service, count));
  return { settings, ids };
}
