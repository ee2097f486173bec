import { createApp } from './app.js';
import { createLogger } from './common/logger.js';
import { ConfigError, parseConfig, type RegrantConfig } from './config/config.js';
import { developmentFolder, readEnvironment } from './config/development.js';
import { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { migrate } from './database/migrate.js';

/** Seconds that requests in flight get after SIGTERM; the whole end stays below ten. */
const DRAIN_SECONDS = 7;

async function main(): Promise<void> {
  const config = parseConfig(readEnvironment());
  const logger = createLogger(config.logLevel);
  const stopDatabase = await startDatabase(config, (message) => logger.info(message));
  try {
    const applied = await migrate(config.databaseUrl ?? '');
    if (applied.length) logger.info({ migrations: applied }, 'migrations applied');
    const { nest } = await createApp(config, { logger });
    await nest.listen(config.port, config.host);
    logger.info({ url: config.publicUrl, port: config.port }, 'Regrant is ready');
    process.send?.({ type: 'ready', url: config.publicUrl });

    let ending = false;
    const end = (reason: string): void => {
      if (ending) return;
      ending = true;
      logger.info({ reason }, 'ending: finishing requests in flight');
      // Connections that never finish must not hold the process: after the time to drain they are cut.
      setTimeout(() => nest.getHttpServer().closeAllConnections(), DRAIN_SECONDS * 1000).unref();
      void nest
        .close()
        .catch((error: unknown) => logger.error({ err: error }, 'the end was not clean'))
        .then(stopDatabase)
        .finally(() => process.exit());
    };
    process.on('SIGTERM', () => end('SIGTERM'));
    process.on('SIGINT', () => end('SIGINT'));
    // Started by a parent that is gone: nobody would stop us any more.
    if (process.send) process.on('disconnect', () => end('the parent process is gone'));
  } catch (error) {
    await stopDatabase();
    throw error;
  }
}

/** Outside production, without DATABASE_URL: the embedded PostgreSQL. Answers how to stop it again. */
async function startDatabase(
  config: RegrantConfig,
  log: (message: string) => void,
): Promise<() => Promise<void>> {
  if (config.databaseUrl) return () => Promise.resolve();
  const embedded = await EmbeddedPostgres.start({ directory: developmentFolder(), log });
  config.databaseUrl = embedded.url;
  return () => embedded.stop();
}

await main().catch((error: unknown) => {
  const known = error instanceof Error ? error : new Error(String(error));
  const { code } = known as { code?: unknown };
  if (known instanceof ConfigError) console.error(known.message);
  else if (code === 'EADDRINUSE')
    console.error('Regrant cannot start: the port is in use. Set PORT to another one.');
  else console.error(`Regrant cannot start: ${known.message}`);
  process.exit(1);
});
