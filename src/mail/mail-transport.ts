/** A mail ready to go. */
export interface OutgoingMail {
  to: string;
  from: string;
  subject: string;
  text: string;
  html: string;
  /** With angle brackets, as it stands in the header. */
  messageId: string;
}

/** What carries mails. Also the injection token. */
export abstract class MailTransport {
  /**
   * Resolves when the next server has taken the mail over, within a minute.
   * @throws DeliveryRefused, DeliveryDeferred, ChannelDown
   */
  abstract deliver(mail: OutgoingMail): Promise<void>;

  /** Lets connections go. Nothing is delivered afterwards. */
  abstract close(): void;
}
