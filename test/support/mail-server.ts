import { type AddressObject, type ParsedMail, simpleParser } from 'mailparser';
import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';

export interface MailServer {
  /** For SMTP_URL. */
  url: string;
  /** Every mail received so far, those that their sender never heard of included. */
  mails: ParsedMail[];
  /**
   * `dropAfterData`: the mail is kept, and the connection ends before its sender hears so. `hangUp`: the connection ends
   * there too, and the mail was not taken.
   */
  mode: 'normal' | 'refuse' | 'dropAfterData' | 'hangUp';
  /** Recipients that get another answer than 250: `550 5.1.1 Unknown`. */
  answers: Map<string, string>;
  /** How many connections were refused. */
  refusals: number;
  /** How many mails were not taken by hanging up after them. */
  hangUps: number;
  /** Called with each mail before its sender hears that it was taken; may hold that back. */
  beforeAnswer: (mail: ParsedMail) => Promise<void> | void;
  /** The next mail to that address that nobody has asked for yet; waits until it arrives. */
  next(address: string): Promise<ParsedMail>;
  stop(): Promise<void>;
}

/** A real SMTP server on a free port of 127.0.0.1 that keeps what it receives. */
export async function startMailServer(): Promise<MailServer> {
  const mails: ParsedMail[] = [];
  const unread: ParsedMail[] = [];
  const waiting: { address: string; take: (mail: ParsedMail) => void }[] = [];
  const state: Pick<MailServer, 'mode' | 'answers' | 'refusals' | 'hangUps' | 'beforeAnswer'> = {
    mode: 'normal',
    answers: new Map(),
    refusals: 0,
    hangUps: 0,
    beforeAnswer: () => undefined,
  };
  const receive = (mail: ParsedMail): void => {
    mails.push(mail);
    const index = waiting.findIndex(({ address }) => recipient(mail) === address);
    if (index < 0) unread.push(mail);
    else waiting.splice(index, 1)[0]?.take(mail);
  };
  const refusal = (): Error | null => {
    if (state.mode !== 'refuse') return null;
    state.refusals += 1;
    return answer(421, '4.3.2 Not now');
  };
  const server: SMTPServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    // Else a client that stays connected holds the end of a test for half a minute.
    closeTimeout: 200,
    onConnect: (_session, done) => done(refusal()),
    onMailFrom: (_address, _session, done) => done(refusal()),
    onRcptTo: ({ address }, _session, done) => {
      const [, code, text] = /^(\d{3}) (.*)$/.exec(state.answers.get(address) ?? '') ?? [];
      done(code ? answer(Number(code), `${text} <${address}>`) : null);
    },
    onData: (stream, session, done) =>
      void simpleParser(stream, { skipTextToHtml: true })
        .then(async (mail) => {
          if (state.mode === 'hangUp') {
            state.hangUps += 1;
            return hangUp(session.id);
          }
          receive(mail);
          await state.beforeAnswer(mail);
          if (state.mode !== 'dropAfterData') return done();
          hangUp(session.id);
        })
        .catch(done),
  });
  const hangUp = (sessionId: string): void => {
    for (const connection of server.connections)
      if (connection.session.id === sessionId) connection._socket.destroy();
  };
  // Clients that vanish in the middle are what some tests are about.
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  return Object.assign(state, {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    next: (address: string): Promise<ParsedMail> => {
      const index = unread.findIndex((mail) => recipient(mail) === address);
      const [mail] = index < 0 ? [] : unread.splice(index, 1);
      if (mail) return Promise.resolve(mail);
      return new Promise((take) => waiting.push({ address, take }));
    },
    stop: () => new Promise<void>((stopped) => server.close(() => stopped())),
  });
}

const answer = (responseCode: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode });

const recipient = (mail: ParsedMail): string | undefined =>
  (mail.to as AddressObject | undefined)?.value[0]?.address;
