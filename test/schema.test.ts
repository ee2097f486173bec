import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { AppModule } from '../src/app.module.js';
import { parseConfig } from '../src/config/config.js';
import { migrations } from '../src/database/migrations/index.js';
import { migrate, revertLast } from '../src/database/migrate.js';
import { TestClock } from './support/app.js';
import { createDatabase, type TestDatabase } from './support/database.js';

const SCHEMA = `SELECT table_name, column_name, data_type, is_nullable, column_default
                FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`;

describe('The schema', () => {
  let empty: TestDatabase;

  beforeAll(async () => {
    empty = await createDatabase({ empty: true });
  });
  afterAll(() => empty.drop());

  it('is made once when several processes migrate at the same moment', async () => {
    const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(empty.url)));
    expect(applied.flat()).toEqual(migrations.map(({ name }) => name));
    expect(applied.filter((names) => names.length)).toHaveLength(1);
  });

  it('comes back the same after going down and up again', async () => {
    const before = await empty.query(SCHEMA);
    for (let left = migrations.length; left > 0; left--) await revertLast(empty.url);
    const tables = await empty.query(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    expect(tables).toEqual([{ table_name: 'schema_migrations' }]);
    await migrate(empty.url);
    expect(await empty.query(SCHEMA)).toEqual(before);
  });

  it('is exactly what the entities say', async () => {
    const database = await createDatabase();
    const config = parseConfig({
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 1).toString('base64')}`,
    });
    const context = await NestFactory.createApplicationContext(AppModule.register(config, new TestClock()), {
      logger: false,
    });
    const dataSource = context.get(DataSource);
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(dataSource.entityMetadatas.length).toBeGreaterThan(8);
    expect(upQueries.map(({ query }) => query)).toEqual([]);
    await context.close();
    await database.drop();
  });
});
