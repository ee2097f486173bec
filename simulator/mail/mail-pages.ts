import type { FastifyInstance } from 'fastify';
import { html, Markup, sendPage } from '../html.js';
import type { Stage } from '../stage.js';
import type { CaughtMail } from './mailbox.js';

/** The mailbox as pages for people. */
export function registerMailPages(app: FastifyInstance, { mailbox }: Stage): void {
  app.get('/_simulator/mailbox', (_request, reply) => {
    sendPage(reply, 'Mailbox', mailboxPage(mailbox.list()));
  });

  app.get<{ Params: { id: string } }>('/_simulator/mailbox/:id', (request, reply) => {
    const mail = mailbox.find(request.params.id);
    if (!mail) return sendPage(reply, 'No such mail', NO_SUCH_MAIL, 404);
    return sendPage(reply, mail.subject || '(no subject)', mailPage(mail));
  });

  app.get<{ Params: { id: string } }>('/_simulator/mailbox/:id/html', (request, reply) => {
    const body = mailbox.find(request.params.id)?.html;
    if (!body) return sendPage(reply, 'No such mail', NO_SUCH_MAIL, 404);
    const policy =
      "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    return reply
      .header('content-security-policy', policy)
      .header('referrer-policy', 'no-referrer')
      .type('text/html; charset=utf-8')
      .send(openLinksInNewTabs(body));
  });
}

const NO_SUCH_MAIL = html`<p>
  This mail does not exist, or no longer. Back to the <a href="/_simulator/mailbox">mailbox</a>.
</p>`;

function mailboxPage(mails: CaughtMail[]): Markup {
  if (mails.length === 0) return html`<p class="soft">No mail yet. Reload this page to look again.</p>`;
  const rows = mails.map(
    (mail) =>
      html`<li>
        <a href="/_simulator/mailbox/${mail.id}">${mail.subject || '(no subject)'}</a><br />
        <span class="soft">To ${mail.to.join(', ')} · ${readableTime(mail)}</span>
      </li>`,
  );
  return html`<p class="soft">Every mail sent to the simulator, newest first.</p>
    <ul class="rows">
      ${rows}
    </ul>`;
}

function mailPage(mail: CaughtMail): Markup {
  const htmlPart = mail.html
    ? html`<h2>HTML part</h2>
        <iframe
          title="HTML part of the mail"
          src="/_simulator/mailbox/${mail.id}/html"
          sandbox="allow-popups allow-popups-to-escape-sandbox"
        ></iframe>`
    : null;
  return html`<dl>
      <dt>From</dt>
      <dd>${mail.from}</dd>
      <dt>To</dt>
      <dd>${mail.to.join(', ')}</dd>
      <dt>Received</dt>
      <dd>${readableTime(mail)}</dd>
      <dt>Message-ID</dt>
      <dd>${mail.messageId ?? 'none'}</dd>
    </dl>
    <h2>Text part</h2>
    <!-- prettier-ignore -->
    <pre>${linkify(mail.text) ?? 'none'}</pre>
    ${htmlPart}
    <p><a href="/_simulator/mailbox">Back to the mailbox</a></p>`;
}

function readableTime({ receivedAt }: CaughtMail): string {
  return `${receivedAt.slice(0, 10)} ${receivedAt.slice(11, 19)} UTC`;
}

/** The text with its web addresses as links; the punctuation that ends a sentence stays outside. */
function linkify(text: string): Markup {
  const parts = text.split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])/);
  return html`${parts.map((part, index) => (index % 2 ? html`<a href="${part}">${part}</a>` : part))}`;
}

// Within the frame itself the target would open, but nothing around it would tell where one is.
function openLinksInNewTabs(body: string): string {
  const base = '<base target="_blank">';
  return /<head[^>]*>/i.test(body) ? body.replace(/<head[^>]*>/i, `$&${base}`) : base + body;
}
