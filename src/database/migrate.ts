import { fileURLToPath } from 'node:url';
import { DataSource, MigrationExecutor } from 'typeorm';
import { developmentFolder, readEnvironment } from '../config/development.js';
import { ConfigError, parseConfig } from '../config/config.js';
import { dataSourceOptions } from './data-source.js';
import { EmbeddedPostgres } from './embedded/embedded-postgres.js';

/** Any number that nothing else on this database locks. */
const MIGRATION_LOCK = 7_436_001;

/**
 * Applies pending migrations of the database at `url`, all in one transaction, and answers their names.
 * Several processes at once are safe: a transaction-level advisory lock lets one work and the others wait, which also
 * holds behind a transaction pooler.
 */
export async function migrate(url: string): Promise<string[]> {
  return inLockedTransaction(url, async (executor) =>
    (await executor.executePendingMigrations()).map(({ name }) => name),
  );
}

/** Takes back the newest migration. For development and for the tests of `down`. */
export async function revertLast(url: string): Promise<void> {
  await inLockedTransaction(url, (executor) => executor.undoLastMigration());
}

async function inLockedTransaction<T>(
  url: string,
  work: (executor: MigrationExecutor) => Promise<T>,
): Promise<T> {
  const dataSource = await new DataSource({ ...dataSourceOptions(url), extra: { max: 2 } }).initialize();
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    const executor = new MigrationExecutor(dataSource, runner);
    executor.transaction = 'none';
    const result = await work(executor);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    throw error;
  } finally {
    await runner.release();
    await dataSource.destroy();
  }
}

/** `npm run migrate`: applies migrations, says which, and exits. */
async function main(): Promise<void> {
  const config = parseConfig(readEnvironment());
  const embedded = config.databaseUrl
    ? undefined
    : await EmbeddedPostgres.start({ directory: developmentFolder(), log: console.error });
  try {
    const applied = await migrate(config.databaseUrl ?? embedded?.url ?? '');
    console.log(applied.length ? `Applied: ${applied.join(', ')}` : 'The schema is up to date.');
  } finally {
    await embedded?.stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main().catch((error: unknown) => {
    console.error(
      error instanceof ConfigError ? error.message : `Migration failed: ${(error as Error).message}`,
    );
    process.exitCode = 1;
  });
