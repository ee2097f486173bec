import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { renderTemplate } from '../common/pages.js';
import { RegrantConfig } from '../config/config.js';
import { MailIsOff, MailTransport } from './mail-transport.js';

/** Every mail we send, by its folder below `templates`, with what its texts need. */
export interface MailTemplates {
  'verify-email': { url: string; hours: number };
  'reset-password': { url: string; minutes: number };
  'account-locked': { minutes: number };
}

export type Mail = {
  [Name in keyof MailTemplates]: {
    to: string;
    template: Name;
    data: MailTemplates[Name];
    /** Names the occasion: the same one always gives the same Message-ID, so a mail sent twice is seen once. */
    messageId: string;
  };
}[keyof MailTemplates];

/** How long the end of the process waits for mails in flight. */
const LAST_MAILS_MS = 5_000;

@Injectable()
export class MailService implements OnApplicationShutdown {
  private readonly logger = new Logger(MailService.name);
  private readonly inFlight = new Set<Promise<void>>();

  constructor(
    private readonly transport: MailTransport,
    private readonly config: RegrantConfig,
  ) {}

  /** Resolves when the mail server has taken the mail; rejects with the transport's error. */
  async send(mail: Mail): Promise<void> {
    await this.transport.deliver({
      ...compose(mail, this.config.publicUrl),
      to: mail.to,
      from: this.config.mail.from,
    });
  }

  /** Sends after the answer to the browser. A failure is logged, and the seller can ask for the mail again. */
  sendInBackground(mail: Mail): void {
    const sending: Promise<void> = this.send(mail)
      .catch((error: unknown) => this.reportFailure(mail.template, error))
      .finally(() => this.inFlight.delete(sending));
    this.inFlight.add(sending);
  }

  async onApplicationShutdown(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise((resolve) => (timer = setTimeout(resolve, LAST_MAILS_MS)));
    await Promise.race([Promise.all(this.inFlight), tooLong]);
    clearTimeout(timer);
    this.transport.close();
  }

  /** Never the error's message: mail servers repeat the recipient's address in it. */
  private reportFailure(template: string, error: unknown): void {
    if (error instanceof MailIsOff) return;
    const { code, responseCode } = error as { code?: string; responseCode?: number };
    const reason = [code, responseCode].filter((part) => part !== undefined).join(' ') || 'unknown reason';
    this.logger.warn(`a mail could not be sent: ${template} (${reason})`);
  }
}

/** The texts of a mail. Only the HTML part escapes its data. */
export function compose(
  { template, data, messageId }: Pick<Mail, 'template' | 'data' | 'messageId'>,
  publicUrl: string,
): { subject: string; text: string; html: string; messageId: string } {
  const folder = `mail/templates/${template}`;
  const facts = { ...data, publicUrl };
  return {
    subject: renderTemplate(`${folder}/subject`, facts).trim(),
    text: `${renderTemplate(`${folder}/text`, facts).trim()}\n`,
    html: renderTemplate(`${folder}/html`, facts).trim(),
    messageId: `<${messageId}@${new URL(publicUrl).hostname}>`,
  };
}
