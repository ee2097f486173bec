// Mails per second that one replica hands over, beside bare nodemailer on one connection to the same SMTP server.
import { Dispatcher } from '../dist/events/dispatcher.js';
import { compose, messageIdOf } from '../dist/mail/compose.js';
import { SmtpMailTransport } from '../dist/mail/smtp-mail-transport.js';
import { settingsFor, withService } from './support/authorizations.mjs';
import { withMailServer } from './support/mail-server.mjs';

const PUBLIC_URL = 'http://localhost:3000';

/**
 * `{ dispatched, bare, ratio }`: mails per second of the dispatcher (claimed, looked up, composed, handed over, noted)
 * and of nodemailer alone with the same mail, one after the other.
 * @param databaseUrl of an empty database
 */
export const measureDispatch = (databaseUrl, { mails = 5_000 } = {}) =>
  withMailServer(async (smtpUrl) => {
    const bare = await measureBare(smtpUrl, Math.min(mails, 2_000));
    const dispatched = await measureDispatcher(databaseUrl, smtpUrl, mails);
    return { dispatched, bare, ratio: dispatched / bare };
  });

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

const measureDispatcher = (databaseUrl, smtpUrl, mails) =>
  withService(
    { ...settingsFor(databaseUrl), SMTP_URL: smtpUrl, PUBLIC_URL },
    async ({ nest, dataSource }) => {
      await queueOneForEach(dataSource, mails);
      const started = performance.now();
      await nest.get(Dispatcher, { strict: false }).drain();
      const seconds = (performance.now() - started) / 1000;
      const [{ left }] = await dataSource.query(
        `SELECT count(*)::int AS left FROM deliveries WHERE status <> 'sent'`,
      );
      if (left) throw new Error(`${left} mails were not sent`);
      return mails / seconds;
    },
  );

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
