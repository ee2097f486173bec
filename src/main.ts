import { type AddressInfo } from 'node:net';
import { createApp } from './app.js';
import { createLogger, type Logger } from './common/logger.js';
import { ConfigError, parseConfig, type RegrantConfig } from './config/config.js';
import { developmentFolder, readEnvironment } from './config/development.js';
import { EmbeddedPostgres } from './database/embedded/embedded-postgres.js';
import { migrate } from './database/migrate.js';
import { Lifecycle, PATIENCE_SECONDS } from './lifecycle.js';

async function main(): Promise<void> {
  const config = parseConfig(readEnvironment());
  const logger = createLogger(config.logLevel);
  const life = new Lifecycle(logger);
  await life.run(async () => {
    await startDatabase(config, logger, life);
    await startService(config, logger, life);
  });
}

/** Outside production, without DATABASE_URL: the embedded PostgreSQL. Then the schema. */
async function startDatabase(config: RegrantConfig, logger: Logger, life: Lifecycle): Promise<void> {
  if (!config.databaseUrl) {
    const directory = developmentFolder();
    const log = (message: string): void => logger.info(message);
    const embedded = await EmbeddedPostgres.start({ directory, log, signal: life.signal });
    life.onEnd(() => embedded.stop());
    config.databaseUrl = embedded.url;
  }
  life.signal.throwIfAborted();
  const applied = await migrate(config.databaseUrl);
  if (applied.length) logger.info({ migrations: applied }, 'migrations applied');
}

async function startService(config: RegrantConfig, logger: Logger, life: Lifecycle): Promise<void> {
  life.signal.throwIfAborted();
  const { nest } = await createApp(config, { logger });
  life.onEnd(async () => {
    // Connections that never finish must not hold the process: after the time to drain they are cut.
    setTimeout(() => nest.getHttpServer().closeAllConnections(), PATIENCE_SECONDS * 1000).unref();
    await nest.close();
  });
  life.signal.throwIfAborted();
  await nest.listen(config.port, config.host);
  const { port } = nest.getHttpServer().address() as AddressInfo;
  config.listensOn(port);
  logger.info({ url: config.publicUrl, port }, 'Regrant is ready');
  if (process.connected) process.send?.({ type: 'ready', url: config.publicUrl, port });
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
