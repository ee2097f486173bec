import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { API_KEY } from './support/app.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { api } from './support/people.js';
import { freePort } from './support/ports.js';
import { Regrant } from './support/regrant.js';
import { type Run } from './support/renewals.js';
import { APPLICATION } from './support/simulator.js';

const OPERATOR = 'operator@example.com';
/** More than a page of a run, so that it tells of its progress on the way. */
const DUE = 600;
const OVERDUE = 100;
const SELLERS = DUE + OVERDUE;

let mailServer: MailServer;
let database: TestDatabase;
const replicas: Regrant[] = [];
const encryptionKey = randomBytes(32).toString('base64');

beforeAll(async () => {
  mailServer = await startMailServer();
  database = await createDatabase();
});
afterAll(async () => {
  for (const replica of replicas) replica.kill('SIGKILL');
  await Promise.all(replicas.map((replica) => replica.ended()));
  await database.drop();
  await mailServer.stop();
});

async function start(reminderDays: string): Promise<Regrant> {
  const replica = await Regrant.start({
    ...APPLICATION,
    NODE_ENV: 'test',
    PORT: String(await freePort()),
    DATABASE_URL: database.url,
    ENCRYPTION_KEYS: `test:${encryptionKey}`,
    BOOTSTRAP_API_KEY: API_KEY,
    SMTP_URL: mailServer.url,
    OPERATOR_EMAIL: OPERATOR,
    RENEWAL_REMINDER_DAYS: reminderDays,
  });
  replicas.push(replica);
  return replica;
}

const startThree = async (reminderDays: string): Promise<Regrant[]> => {
  // The first one makes the application and the data key.
  const first = await start(reminderDays);
  return [first, ...(await Promise.all([start(reminderDays), start(reminderDays)]))];
};

async function end(those: readonly Regrant[]): Promise<void> {
  for (const replica of those) replica.kill('SIGTERM');
  await Promise.all(those.map((replica) => replica.ended()));
}

/** Waits for what nothing tells of. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(100);
}

/** Some due in 10 days, some since 3 days, and as many that are not due. */
async function addAuthorizations(): Promise<void> {
  await database.query(
    `INSERT INTO authorizations (id, application_id, contact_email, selling_partner_id, region, partner_type,
       marketplace_ids, workflow, sealed_refresh_token, authorized_at, renewal_due_at, last_checked_at, created_at,
       updated_at)
     SELECT gen_random_uuid(), a.id, 'seller-' || n || '@example.com', 'A' || n, 'EU', 'vendor', '{}', 'website', 'sealed',
       now(), now() + CASE WHEN n <= $1 THEN interval '10 days' WHEN n <= $2 THEN interval '-3 days'
         ELSE interval '200 days' END, now(), now(), now()
     FROM applications a, generate_series(1, 2 * $2::int) n`,
    [DUE, SELLERS],
  );
}

const startRun = (replica: Regrant) => api<Run>(replica.url, 'POST', '/api/v1/renewals/runs');
const runOf = async (replica: Regrant, id: string): Promise<Run> =>
  (await api<Run>(replica.url, 'GET', `/api/v1/renewals/runs/${id}`)).body;

/** On all of them at the same moment; answers the one run that comes of it. */
async function startEverywhere(those: readonly Regrant[]): Promise<Run> {
  const answers = await Promise.all(those.map(startRun));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 202]);
  const [id, ...others] = new Set(answers.map(({ body }) => body.id));
  expect(others).toEqual([]);
  const [first] = answers;
  return { ...first?.body, id } as Run;
}

/** Nobody can deal with the authorization that a run comes to last, until the answered function is called. */
async function holdLast(): Promise<() => Promise<void>> {
  const client = new pg.Client(database.url);
  await client.connect();
  await client.query('BEGIN');
  await client.query(
    `SELECT 1 FROM authorizations WHERE id =
       (SELECT id FROM authorizations WHERE renewal_due_at < now() + interval '60 days'
        ORDER BY renewal_due_at DESC, id DESC LIMIT 1) FOR UPDATE`,
  );
  return () => client.end();
}

const allTold = async (): Promise<boolean> =>
  !(await database.query(`SELECT 1 FROM deliveries WHERE status <> 'sent' LIMIT 1`)).length;

/** How often each mail arrived, by whom it went to and its Message-ID. */
function copies(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { to, messageId } of mailServer.mails) {
    const name = `${to && 'text' in to ? to.text : ''} ${messageId}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

const addressees = (): string[] => [...copies().keys()].map((name) => name.split(' ')[0] ?? '').sort();
const everySeller = Array.from({ length: SELLERS }, (_, n) => `seller-${n + 1}@example.com`);

describe('Three replicas with one run, of which one is killed with -9 while the mail server fails', () => {
  it('send every due seller one mail per threshold, at most one twice, and the run goes on elsewhere', async () => {
    const three = await startThree('60,30,0');
    await addAuthorizations();
    const release = await holdLast();
    const { id } = await startEverywhere(three);

    // It tells how far it is while it runs, by any replica.
    const [one, two, three_] = three as [Regrant, Regrant, Regrant];
    for (const replica of [one, two, three_])
      await until(async () => (await runOf(replica, id)).examined >= 500);
    expect(await runOf(one, id)).toMatchObject({ status: 'running', finishedAt: null });
    await until(() => mailServer.mails.length >= 20);
    const [worker, ...none] = three.filter(({ log }) => log.includes('"working"'));
    expect(none).toEqual([]);
    worker?.kill('SIGKILL');
    await worker?.ended();
    await release();
    const [left, other] = three.filter((replica) => replica !== worker) as [Regrant, Regrant];

    mailServer.mode = 'refuse';
    await until(() => mailServer.refusals >= 2);
    mailServer.mode = 'hangUp';
    await until(() => mailServer.hangUps >= 2);
    mailServer.mode = 'normal';

    await until(async () => (await runOf(left, id)).status !== 'running');
    for (const replica of [left, other])
      expect(await runOf(replica, id)).toMatchObject({
        ...{ status: 'succeeded', examined: SELLERS, flaggedDue: DUE, flaggedOverdue: OVERDUE },
        ...{ remindersQueued: SELLERS, failures: 0 },
      });
    // The last ones are those that the dead one had claimed, two minutes later.
    await until(allTold);
    expect(addressees()).toEqual([OPERATOR, ...everySeller].sort());
    expect(mailServer.mails.length - copies().size).toBeLessThanOrEqual(1);
    await end([left, other]);
  }, 420_000);

  it('send one more for a threshold that is added, and no other one', async () => {
    mailServer.mails.length = 0;
    const three = await startThree('60,30,20,0');
    const { id } = await startEverywhere(three);
    await until(async () => (await runOf(three[0] as Regrant, id)).status !== 'running');
    await until(allTold);
    expect(addressees()).toEqual([OPERATOR, ...everySeller.slice(0, DUE)].sort());
    expect(mailServer.mails).toHaveLength(copies().size);
    await end(three);
  }, 300_000);
});
