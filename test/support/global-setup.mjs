import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** One migrated template database for the whole run; each test file clones it (about 50 ms). */
export default async function setUp() {
  const { EmbeddedPostgres } = await import('../../dist/database/embedded/embedded-postgres.js');
  const { migrate } = await import('../../dist/database/migrate.js');
  let server = process.env.DATABASE_URL;
  if (!server) {
    const directory = mkdtempSync(join(tmpdir(), 'regrant-test-'));
    // The server runs as another user than root: it must be able to enter.
    chmodSync(directory, 0o711);
    // A test's database need not survive a power cut.
    const settings = {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '300',
    };
    const embedded = await EmbeddedPostgres.start({ directory, port: 0, settings });
    globalThis.regrantTestServer = { embedded, directory };
    server = embedded.url;
  }
  const template = `regrant_template_${randomBytes(4).toString('hex')}`;
  const client = new pg.Client(server);
  await client.connect();
  await client.query(`CREATE DATABASE ${template}`);
  await client.end();
  const url = new URL(server);
  url.pathname = `/${template}`;
  await migrate(url.href);
  process.env.REGRANT_TEST_SERVER = server;
  process.env.REGRANT_TEST_TEMPLATE = template;
}
