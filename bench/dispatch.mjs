// Mails per second that one replica hands over, beside bare nodemailer on one connection to the same SMTP server.
// Alone: `node scripts/build.mjs && node bench/dispatch.mjs [mails]`.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { createApp } from '../dist/app.js';
import { parseConfig } from '../dist/config/config.js';
import { EmbeddedPostgres } from '../dist/database/embedded/embedded-postgres.js';
import { migrate } from '../dist/database/migrate.js';
import { Dispatcher } from '../dist/events/dispatcher.js';
import { compose, messageIdOf } from '../dist/mail/compose.js';
import { MailChannel } from '../dist/mail/mail-channel.js';
import { SmtpMailTransport } from '../dist/mail/smtp-mail-transport.js';

const PUBLIC_URL = 'http://localhost:3000';

/**
 * `{ dispatched, bare, ratio }`: mails per second of the dispatcher (claimed, looked up, composed, handed over, noted)
 * and of nodemailer alone with the same mail, one after the other. The mail server is a thread of its own.
 * @param databaseUrl of an empty database
 */
export async function measureDispatch(databaseUrl, { mails = 5_000 } = {}) {
  const server = new Worker(fileURLToPath(import.meta.url));
  const [smtpUrl] = await once(server, 'message');
  try {
    const bare = await measureBare(smtpUrl, Math.min(mails, 2_000));
    const dispatched = await measureDispatcher(databaseUrl, smtpUrl, mails);
    return { dispatched, bare, ratio: dispatched / bare };
  } finally {
    await server.terminate();
  }
}

async function measureBare(smtpUrl, mails) {
  const transport = new SmtpMailTransport(smtpUrl);
  const mail = compose('account-locked', 'en', { minutes: '15 minutes' }, PUBLIC_URL);
  const started = performance.now();
  for (let n = 0; n < mails; n++)
    await transport.deliver({
      ...mail,
      from: 'regrant@localhost',
      to: `seller-${n}@example.com`,
      messageId: messageIdOf({ template: 'bench', key: String(n) }, PUBLIC_URL),
    });
  transport.close();
  return mails / ((performance.now() - started) / 1000);
}

async function measureDispatcher(databaseUrl, smtpUrl, mails) {
  await migrate(databaseUrl);
  const config = parseConfig({
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    SMTP_URL: smtpUrl,
    PUBLIC_URL,
    LOG_LEVEL: 'warn',
  });
  const { nest } = await createApp(config);
  try {
    const { dataSource } = nest.get(MailChannel, { strict: false }).facts;
    await queueOneForEach(dataSource, mails);
    const started = performance.now();
    await nest.get(Dispatcher, { strict: false }).drain();
    const seconds = (performance.now() - started) / 1000;
    const [{ left }] = await dataSource.query(
      `SELECT count(*)::int AS left FROM deliveries WHERE status <> 'sent'`,
    );
    if (left) throw new Error(`${left} mails were not sent`);
    return mails / seconds;
  } finally {
    await nest.close();
  }
}

async function queueOneForEach(dataSource, mails) {
  await dataSource.query(
    `WITH made AS (
       INSERT INTO sellers (id, email, created_at, updated_at)
       SELECT gen_random_uuid(), 'seller-' || n || '@example.com', now(), now() FROM generate_series(1, $1::int) n
       RETURNING id
     )
     INSERT INTO deliveries (id, channel, key, template, recipient, seller_id, data, next_attempt_at, created_at)
     SELECT gen_random_uuid(), 'mail', id::text, 'account-locked', 'seller', id, '{"minutes": 15}', now(), now()
     FROM made`,
    [mails],
  );
}

/** Takes every mail and keeps none. */
async function serveMail() {
  const { SMTPServer } = await import('smtp-server');
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onData: (stream, _session, done) => stream.on('end', () => done()).resume(),
  });
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  parentPort.postMessage(`smtp://127.0.0.1:${listener.address().port}`);
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'regrant-bench-'));
  chmodSync(folder, 0o711);
  const embedded = await EmbeddedPostgres.start({ directory: folder, port: 0 });
  try {
    const { dispatched, bare, ratio } = await measureDispatch(embedded.url, {
      mails: Number(process.argv[2] ?? 5_000),
    });
    console.table({
      'dispatched, mails per second': Math.round(dispatched),
      'nodemailer alone, mails per second': Math.round(bare),
      'dispatched / nodemailer': Number(ratio.toFixed(2)),
    });
  } finally {
    await embedded.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (!isMainThread) await serveMail();
else if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
