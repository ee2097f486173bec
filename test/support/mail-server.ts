import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser';
import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';

export interface MailServer {
  /** For SMTP_URL. */
  url: string;
  /** Every mail received so far. */
  mails: ParsedMail[];
  /** The next mail to that address that nobody has asked for yet; waits until it arrives. */
  next(address: string): Promise<ParsedMail>;
  stop(): Promise<void>;
}

/** A real SMTP server on a free port of 127.0.0.1 that keeps what it receives. */
export async function startMailServer(): Promise<MailServer> {
  const mails: ParsedMail[] = [];
  const unread: ParsedMail[] = [];
  const waiting: { address: string; take: (mail: ParsedMail) => void }[] = [];
  const receive = (mail: ParsedMail): void => {
    mails.push(mail);
    const index = waiting.findIndex(({ address }) => recipient(mail) === address);
    if (index < 0) unread.push(mail);
    else waiting.splice(index, 1)[0]?.take(mail);
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, _session, done) =>
      void simpleParser(stream)
        .then(receive)
        .then(() => done(), done),
  });
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    next: (address) => {
      const index = unread.findIndex((mail) => recipient(mail) === address);
      const [mail] = index < 0 ? [] : unread.splice(index, 1);
      if (mail) return Promise.resolve(mail);
      return new Promise((take) => waiting.push({ address, take }));
    },
    stop: () => new Promise((stopped) => server.close(() => stopped())),
  };
}

const recipient = (mail: ParsedMail): string | undefined =>
  (mail.to as AddressObject | undefined)?.value[0]?.address;
