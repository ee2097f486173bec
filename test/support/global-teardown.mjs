import { rmSync } from 'node:fs';
import pg from 'pg';

export default async function tearDown() {
  const { embedded, directory } = globalThis.regrantTestServer ?? {};
  if (embedded) {
    await embedded.stop();
    rmSync(directory, { recursive: true, force: true });
    return;
  }
  const client = new pg.Client(process.env.REGRANT_TEST_SERVER);
  await client.connect();
  await client.query(`DROP DATABASE IF EXISTS ${process.env.REGRANT_TEST_TEMPLATE} WITH (FORCE)`);
  await client.end();
}
