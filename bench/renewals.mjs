// A renewal run with the same number due among more and more authorizations: its time, its memory, reminders per second.
// Alone: `node scripts/build.mjs && node bench/renewals.mjs [sizes]`.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/config/config.js';
import { EmbeddedPostgres } from '../dist/database/embedded/embedded-postgres.js';
import { migrate } from '../dist/database/migrate.js';
import { RenewalWork } from '../dist/renewal/renewal-work.service.js';

const SIZES = [10_000, 1_000_000, 10_000_000];
const DAY_MS = 86_400_000;
const THIS_FILE = fileURLToPath(import.meta.url);

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * For each size `{ size, seconds, cpuSeconds, perSecond, peakMegabytes, ratio }`: medians of runs over a table of that many
 * authorizations, `due` of them due and evenly spread in it. Each run is a replica of its own, which mails meanwhile
 * what it queued; its memory is the most above what it held before. `ratio` is to runs over the first size, measured
 * before and after each other one, so that a machine that gets slower does not count.
 * @param databaseUrl of an empty database
 */
export async function measureRenewals(
  databaseUrl,
  { sizes = SIZES, due = 10_000, rounds = 3, log = () => {} } = {},
) {
  const mailServer = new Worker(new URL('./dispatch.mjs', import.meta.url));
  const [smtpUrl] = await once(mailServer, 'message');
  const settings = {
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    SMTP_URL: smtpUrl,
    SPAPI_APPLICATION_ID: 'amzn1.sp.solution.bench',
    LWA_CLIENT_ID: 'bench',
    LWA_CLIENT_SECRET: 'bench',
    LOG_LEVEL: 'warn',
  };
  await migrate(databaseUrl);
  const database = new pg.Client(databaseUrl);
  await database.connect();
  try {
    // Makes the application and the data key.
    await aRun(settings);
    const measured = new Map(sizes.map((size) => [size, []]));
    const [first, ...others] = sizes;
    for (const size of [first, ...others.flatMap((other) => [other, first])]) {
      const started = performance.now();
      await fill(database, size, due);
      log(`${size} authorizations made in ${((performance.now() - started) / 1000).toFixed(0)} s`);
      for (let round = 0; round < rounds; round++) {
        await reset(database);
        const { seconds, cpuSeconds, peakBytes, queued } = await aRun(settings);
        if (queued !== due) throw new Error(`${queued} reminders were queued instead of ${due}`);
        log(`  ${seconds.toFixed(1)} s, ${(peakBytes / 2 ** 20).toFixed(0)} MB`);
        measured.get(size).push({ seconds, cpuSeconds, peakBytes });
      }
    }
    const secondsOf = (size) => median(measured.get(size).map(({ seconds }) => seconds));
    return sizes.map((size) => ({
      size,
      seconds: secondsOf(size),
      cpuSeconds: median(measured.get(size).map(({ cpuSeconds }) => cpuSeconds)),
      perSecond: due / secondsOf(size),
      peakMegabytes: median(measured.get(size).map(({ peakBytes }) => peakBytes)) / 2 ** 20,
      ratio: secondsOf(size) / secondsOf(first),
    }));
  } finally {
    await database.end();
    await mailServer.terminate();
  }
}

/** In a process of its own, so that each one begins with the same memory. */
async function aRun(settings) {
  const env = { PATH: process.env.PATH, ...settings };
  const replica = fork(THIS_FILE, ['run'], { env, execArgv: ['--expose-gc'] });
  const ended = once(replica, 'exit');
  const [result] = await Promise.race([once(replica, 'message'), ended]);
  await ended;
  if (typeof result !== 'object') throw new Error('the run did not end');
  return result;
}

/** What the child process does. */
async function runHere() {
  const { nest } = await createApp(parseConfig(process.env));
  await nest.init();
  const work = nest.get(RenewalWork, { strict: false });
  globalThis.gc();
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { run } = await work.start('api');
  await work.idle();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(sampling);
  const { remindersQueued: queued } = await work.runs.byId(run.id);
  process.send({ seconds, cpuSeconds: (user + system) / 1e6, queued, peakBytes: peak - before });
  await nest.close();
  process.disconnect();
}

/**
 * Replaces all authorizations. One in `size / due` has its date within the days of the first reminder, the others later;
 * looked at before, as all are after their first year, or not yet.
 */
async function fill(database, size, due) {
  await database.query('TRUNCATE authorizations, deliveries, events, renewal_runs CASCADE');
  await withoutIndexes(database, () =>
    database.query(
      `INSERT INTO authorizations (id, application_id, contact_email, selling_partner_id, region, partner_type,
         marketplace_ids, workflow, sealed_refresh_token, authorized_at, renewal_due_at, region_verified_at,
         last_checked_at, last_vended_at, created_at, updated_at)
       SELECT gen_random_uuid(), application.id, 'seller-' || n || '@example.com', 'A' || upper(to_hex(n)) || 'BENCH',
         'EU', 'seller', '{A1PA6795UKMFR9}', 'website', 's1.' || key.id || '.' || md5(n::text) || md5((-n)::text),
         due_at - interval '365 days', due_at, $4, $4, $4, $4, $4
       FROM generate_series(1, $1::int) n,
         (SELECT id FROM applications LIMIT 1) application, (SELECT id FROM data_keys LIMIT 1) key,
         LATERAL (SELECT $3::timestamptz + CASE WHEN n % ($1 / $2) = 0
           THEN interval '1 hour' * (n / ($1 / $2) % 700) ELSE interval '62 days' + interval '1 second' * (n % 26000000)
           END AS due_at) d`,
      [size, due, new Date(Date.now() + DAY_MS), new Date()],
    ),
  );
  await database.query('VACUUM ANALYZE authorizations');
}

/** Rows come in many times faster while nothing has to be kept in order; all of it is there again afterwards. */
async function withoutIndexes(database, load) {
  const { rows: constraints } = await database.query(
    `SELECT conrelid::regclass AS "table", conname AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE contype IN ('f', 'p', 'u') AND 'authorizations'::regclass IN (conrelid, confrelid)
     ORDER BY contype`,
  );
  for (const { table, name } of constraints)
    await database.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  const { rows: indexes } = await database.query(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'authorizations'`,
  );
  for (const { name } of indexes) await database.query(`DROP INDEX ${name}`);
  await load();
  await database.query(`SET maintenance_work_mem = '512MB'`);
  for (const { definition } of indexes) await database.query(definition);
  for (const { table, name, definition } of constraints.toReversed())
    await database.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
}

/** As before the run: nothing told of anybody, and no plans. */
async function reset(database) {
  await database.query('TRUNCATE renewal_runs, deliveries, events CASCADE');
  await database.query(
    'UPDATE authorizations SET renewal_next_at = NULL, last_reminder_at = NULL WHERE renewal_next_at IS NOT NULL',
  );
  await database.query('VACUUM authorizations');
  await database.query('CHECKPOINT');
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'regrant-bench-'));
  chmodSync(folder, 0o711);
  const embedded = await EmbeddedPostgres.start({ directory: folder, port: 0 });
  try {
    const given = process.argv.slice(2).map(Number);
    const sizes = given.length ? given : SIZES;
    const rows = await measureRenewals(embedded.url, { sizes, log: console.log });
    console.table(
      Object.fromEntries(
        rows.map(({ size, seconds, cpuSeconds, perSecond, peakMegabytes, ratio }) => [
          size.toLocaleString('en'),
          {
            'seconds of the run': Number(seconds.toFixed(1)),
            'CPU seconds of the replica': Number(cpuSeconds.toFixed(1)),
            'reminders per second': Math.round(perSecond),
            'memory above rest, MB': Math.round(peakMegabytes),
            'time / first size': Number(ratio.toFixed(2)),
          },
        ]),
      ),
    );
  } finally {
    await embedded.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === THIS_FILE) await (process.argv[2] === 'run' ? runHere() : main());
