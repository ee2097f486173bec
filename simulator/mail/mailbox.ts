import { randomUUID } from 'node:crypto';
import type { ParsedMail } from 'mailparser';

const CAPACITY = 1000;

/** How the mail server treats those who connect. */
export const SMTP_MODES = ['normal', 'refuse', 'dropAfterData'] as const;
export type SmtpMode = (typeof SMTP_MODES)[number];

/** A mail that was caught. */
export interface CaughtMail {
  id: string;
  from: string;
  /** All recipients of the envelope, blind copies included. */
  to: string[];
  subject: string;
  text: string;
  html: string | null;
  messageId: string | null;
  /** By lower-case name, as sent; of repeated headers the values, joined by commas. */
  headers: Record<string, string>;
  receivedAt: string;
}

/** The last mails caught, in memory. */
export class Mailbox {
  mode: SmtpMode = 'normal';
  private mails: CaughtMail[] = [];

  constructor(private readonly now: () => Date) {}

  /** Empties the mailbox and lets the mail server behave again. */
  reset(): void {
    this.clear();
    this.mode = 'normal';
  }

  clear(): void {
    this.mails = [];
  }

  add(mail: ParsedMail, sender: string, recipients: string[]): void {
    this.mails.unshift({
      id: randomUUID(),
      from: mail.from?.text ?? sender,
      to: recipients,
      subject: mail.subject ?? '',
      text: mail.text ?? '',
      html: mail.html || null,
      messageId: mail.messageId ?? null,
      headers: readHeaders(mail),
      receivedAt: this.now().toISOString(),
    });
    this.mails.length = Math.min(this.mails.length, CAPACITY);
  }

  /** The mails to a recipient, or all; newest first. */
  list(recipient?: string): CaughtMail[] {
    if (recipient === undefined) return this.mails;
    const wanted = recipient.toLowerCase();
    return this.mails.filter(({ to }) => to.some((address) => address.toLowerCase() === wanted));
  }

  find(id: string): CaughtMail | undefined {
    return this.mails.find((mail) => mail.id === id);
  }
}

function readHeaders({ headerLines }: ParsedMail): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { key, line } of headerLines) {
    const value = line
      .slice(line.indexOf(':') + 1)
      .replace(/\r?\n[ \t]+/g, ' ')
      .trim();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  return headers;
}
