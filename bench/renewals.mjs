// A renewal run with the same number due among more and more authorizations: its time, its memory, reminders per second.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/config/config.js';
import { RenewalWork } from '../dist/renewal/renewal-work.service.js';
import { settingsFor, withService } from './support/authorizations.mjs';
import { median } from './support/load.mjs';
import { withMailServer } from './support/mail-server.mjs';

const DAY_MS = 86_400_000;
const THIS_FILE = fileURLToPath(import.meta.url);

/**
 * For each size `{ size, seconds, cpuSeconds, perSecond, peakMegabytes, ratio }`: medians of runs over a table of that many
 * authorizations, `due` of them due and evenly spread in it. Each run is a replica of its own, which mails meanwhile
 * what it queued; its memory is the most above what it held before. `ratio` is to runs over the first size, measured
 * before and after each other one, so that a machine that gets slower does not count.
 * @param databaseUrl of an empty database
 */
export const measureRenewals = (databaseUrl, { sizes, due = 10_000, rounds, log }) =>
  withMailServer(async (smtpUrl) => {
    const settings = { ...settingsFor(databaseUrl), NODE_ENV: 'test', SMTP_URL: smtpUrl, LOG_LEVEL: 'warn' };
    await withService(settings, () => log('an application and a data key made'));
    const measured = new Map(sizes.map((size) => [size, []]));
    const database = new pg.Client(databaseUrl);
    await database.connect();
    try {
      const [first, ...others] = sizes;
      for (const size of [first, ...others.flatMap((other) => [other, first])]) {
        const started = performance.now();
        await fill(database, size, due);
        log(`${size} authorizations made in ${((performance.now() - started) / 1000).toFixed(0)} s`);
        for (let round = 0; round < rounds; round++) {
          await reset(database);
          const { queued, ...one } = await aRun(settings);
          if (queued !== due) throw new Error(`${queued} reminders were queued instead of ${due}`);
          log(`  ${one.seconds.toFixed(1)} s, ${(one.peakBytes / 2 ** 20).toFixed(0)} MB`);
          measured.get(size).push(one);
        }
      }
    } finally {
      await database.end();
    }
    const medianOf = (size, figure) => median(measured.get(size).map((one) => one[figure]));
    return sizes.map((size) => ({
      size,
      seconds: medianOf(size, 'seconds'),
      cpuSeconds: medianOf(size, 'cpuSeconds'),
      perSecond: due / medianOf(size, 'seconds'),
      peakMegabytes: medianOf(size, 'peakBytes') / 2 ** 20,
      ratio: medianOf(size, 'seconds') / medianOf(sizes[0], 'seconds'),
    }));
  });

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

if (process.argv[1] === THIS_FILE && process.argv[2] === 'run') await runHere();
