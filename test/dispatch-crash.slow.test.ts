import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createDatabase, type TestDatabase } from './support/database.js';
import { type MailServer, startMailServer } from './support/mail-server.js';
import { Regrant } from './support/regrant.js';

const SELLERS = 120;

let mailServer: MailServer;
let database: TestDatabase;
const encryptionKey = randomBytes(32).toString('base64');

beforeAll(async () => {
  mailServer = await startMailServer();
  database = await createDatabase();
});
afterAll(async () => {
  await database.drop();
  await mailServer.stop();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const start = async (): Promise<Regrant> =>
  Regrant.start({
    NODE_ENV: 'test',
    PORT: String(await freePort()),
    DATABASE_URL: database.url,
    ENCRYPTION_KEYS: `test:${encryptionKey}`,
    SMTP_URL: mailServer.url,
    PUBLIC_URL: 'http://localhost:3000',
  });

async function queueOneForEach(): Promise<void> {
  await database.query(
    `WITH made AS (
       INSERT INTO sellers (id, email, created_at, updated_at)
       SELECT gen_random_uuid(), 'seller-' || n || '@example.com', now(), now() FROM generate_series(1, $1::int) n
       RETURNING id
     )
     INSERT INTO deliveries (id, channel, key, template, recipient, seller_id, data, next_attempt_at, created_at)
     SELECT gen_random_uuid(), 'mail', $2 || id::text, 'account-locked', 'seller', id, '{"minutes": 15}', now(), now()
     FROM made`,
    [SELLERS, randomUUID()],
  );
}

/** Resolves at the arrival of that many more mails; the sender of the last one gets no answer until `release`. */
async function arrivalOf(count: number): Promise<{ release: () => void }> {
  let left = count;
  let release = (): void => undefined;
  await new Promise<void>((arrived) => {
    mailServer.beforeAnswer = () => {
      left -= 1;
      if (left > 0) return;
      arrived();
      return new Promise((open) => (release = open));
    };
  });
  mailServer.beforeAnswer = () => undefined;
  return { release };
}

describe('Three replicas that are killed with -9 in the middle of sending', () => {
  it('send each mail, and at most one of them twice per kill, with the same Message-ID', async () => {
    await queueOneForEach();
    let kills = 0;
    for (const count of [7, 20, 31]) {
      const arrival = arrivalOf(count);
      const replica = await start();
      const { release } = await arrival;
      replica.kill('SIGKILL');
      kills += 1;
      await replica.ended();
      release();
      // What its lease would do by itself two minutes later.
      await database.query(
        `UPDATE deliveries SET next_attempt_at = now() WHERE claim IS NOT NULL AND status = 'pending'`,
      );
    }
    const replicas = await Promise.all([start(), start()]);
    const pending = async (): Promise<number> =>
      (await database.query(`SELECT 1 FROM deliveries WHERE status <> 'sent'`)).length;
    while (await pending());
    for (const replica of replicas) replica.kill('SIGTERM');
    await Promise.all(replicas.map((replica) => replica.ended()));

    const copies = new Map<string, number>();
    for (const { messageId = 'none' } of mailServer.mails)
      copies.set(messageId, (copies.get(messageId) ?? 0) + 1);
    expect(copies.size).toBe(SELLERS);
    expect(mailServer.mails.length - SELLERS).toBeLessThanOrEqual(kills);
    // Each kill fell between the mail and the note of it, so this test does see duplicates.
    expect(mailServer.mails.length - SELLERS).toBeGreaterThan(0);
    expect(Math.max(...copies.values())).toBeLessThanOrEqual(1 + kills);
  });
});
