import { createTransport, type Transporter } from 'nodemailer';
import { ChannelDown } from '../events/delivery-channel.js';
import { MailTransport, type OutgoingMail } from './mail-transport.js';
import { meaningOf } from './smtp-failure.js';

const SECONDS = 1000;
/**
 * The deadlines below count from the last byte heard; this one counts from the beginning, and ends the connection, so
 * that a mail which is tried again is not still on its way.
 */
const LONGEST_SECONDS = 60;

/** Mails over SMTP, through a connection that is kept open. */
export class SmtpMailTransport extends MailTransport {
  private readonly transporter: Transporter;

  /**
   * @param url as nodemailer takes it: smtp://user:password@host:port, or smtps://
   * @param longestSeconds until a mail is given up
   */
  constructor(
    url: string,
    private readonly longestSeconds = LONGEST_SECONDS,
  ) {
    super();
    this.transporter = createTransport({
      url,
      pool: true,
      // The dispatcher hands over one mail at a time; each replica has its connection.
      maxConnections: 1,
      dnsTimeout: 5 * SECONDS,
      connectionTimeout: 5 * SECONDS,
      greetingTimeout: 5 * SECONDS,
      socketTimeout: 20 * SECONDS,
      // Templates name no files or addresses to attach; nothing that slips into one may.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async deliver(mail: OutgoingMail): Promise<void> {
    // Told apart from mail that people write, so that nobody's absence note answers it (RFC 3834).
    const headers = { 'Auto-Submitted': 'auto-generated' };
    const signal = AbortSignal.timeout(this.longestSeconds * SECONDS);
    try {
      await this.transporter.sendMail({ ...mail, headers, signal });
    } catch (error) {
      throw signal.aborted ? new ChannelDown('no answer') : meaningOf(error);
    }
  }

  close(): void {
    this.transporter.close();
  }
}
