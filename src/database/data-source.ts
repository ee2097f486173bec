import { type DataSourceOptions } from 'typeorm';
import { migrations } from './migrations/index.js';
import { SnakeCase } from './naming.js';

/** How every process of ours connects. The schema comes from migrations only (`synchronize` never runs). */
export function dataSourceOptions(url: string): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    applicationName: 'regrant',
    namingStrategy: new SnakeCase(),
    migrations,
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    logging: false,
    // A database that does not answer must become an error page within seconds, not a hanging browser.
    connectTimeoutMS: 5_000,
    extra: { statement_timeout: 15_000, idle_in_transaction_session_timeout: 15_000, max: 10 },
  };
}
