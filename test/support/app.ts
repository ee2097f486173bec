import { SchedulerRegistry } from '@nestjs/schedule';
import { randomBytes } from 'node:crypto';
import { type App, createApp } from '../../src/app.js';
import { Clock } from '../../src/common/clock.js';
import { createLogger } from '../../src/common/logger.js';
import { parseConfig, type RegrantConfig } from '../../src/config/config.js';
import { IDLE_PROBES } from '../../src/tokens/idle-probes.service.js';
import { createDatabase, type TestDatabase } from './database.js';

/** A clock that tests move. Starts at the real time. */
export class TestClock extends Clock {
  private offset = 0;

  now(): Date {
    return new Date(Date.now() + this.offset);
  }
  advance(seconds: number): void {
    this.offset += seconds * 1000;
  }
}

export const API_KEY = 'rgk_test0123456789abcdef.test-secret-0123456789-0123456789-01234567';

export interface TestApp {
  url: string;
  config: RegrantConfig;
  clock: TestClock;
  database: TestDatabase;
  /** For what no public interface offers: sealing a row, work that a schedule starts. */
  nest: App['nest'];
  /** What the service logged so far: JSON lines. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * The service inside this process, listening on a free port of 127.0.0.1, on a database of its own, or as one replica
 * of several on a `database` that they share and that outlives it.
 */
export async function startTestApp(
  settings: Record<string, string> = {},
  shared: { database?: TestDatabase; clock?: TestClock } = {},
): Promise<TestApp> {
  const database = shared.database ?? (await createDatabase());
  const config = parseConfig({
    NODE_ENV: 'test',
    PORT: '0',
    DATABASE_URL: database.url,
    ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
    BOOTSTRAP_API_KEY: API_KEY,
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'trace',
    ...settings,
  });
  const lines: string[] = [];
  const logger = createLogger(config.logLevel, { write: (line: string) => void lines.push(line) });
  const clock = shared.clock ?? new TestClock();
  const { nest } = await createApp(config, { logger, clock });
  await nest.listen(0, '127.0.0.1');
  // Idle authorizations are probed when a test says so: a clock that is moved makes many of them due.
  nest.get(SchedulerRegistry, { strict: false }).deleteInterval(IDLE_PROBES);
  const { port } = nest.getHttpServer().address() as { port: number };
  config.listensOn(port);
  return {
    url: `http://localhost:${port}`,
    nest,
    config,
    clock,
    database,
    log: () => lines.join(''),
    stop: async () => {
      await nest.close();
      if (!shared.database) await database.drop();
    },
  };
}
