import { createTransport, type Transporter } from 'nodemailer';
import { MailTransport, type OutgoingMail } from './mail-transport.js';

const SECONDS = 1000;

/** Mails over SMTP, through a few connections that are kept open. */
export class SmtpMailTransport extends MailTransport {
  private readonly transporter: Transporter;

  /** @param url as nodemailer takes it: smtp://user:password@host:port, or smtps:// */
  constructor(url: string) {
    super();
    this.transporter = createTransport({
      url,
      pool: true,
      maxConnections: 3,
      dnsTimeout: 5 * SECONDS,
      connectionTimeout: 5 * SECONDS,
      greetingTimeout: 5 * SECONDS,
      socketTimeout: 10 * SECONDS,
      // Templates name no files or addresses to attach; nothing that slips into one may.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async deliver(mail: OutgoingMail): Promise<void> {
    await this.transporter.sendMail({
      ...mail,
      // Told apart from mail that people write, so that nobody's absence note answers it (RFC 3834).
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
  }

  close(): void {
    this.transporter.close();
  }
}
