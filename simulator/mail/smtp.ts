import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Mailbox } from './mailbox.js';

/** A mail server that delivers everything to the mailbox. */
export interface MailCatcher {
  /** Resolves to the port. */
  listen(port: number, host: string): Promise<number>;
  close(): Promise<void>;
}

/** Makes the mail server: any login is accepted, none is needed, nothing is sent on. */
export function createMailCatcher(mailbox: Mailbox): MailCatcher {
  const refusal = (): Error | null => (mailbox.mode === 'refuse' ? unavailable() : null);
  const server: SMTPServer = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 300,
    logger: false,
    onAuth: (auth, _session, callback) => callback(null, { user: auth.username ?? 'anyone' }),
    onConnect: (_session, callback) => callback(refusal()),
    // Connections that were open before the refusal began are refused here.
    onMailFrom: (_address, _session, callback) => callback(refusal()),
    onData: (stream, session, callback) => {
      receive(mailbox, stream, session)
        // The mail is here, yet its sender never hears so: the case in which a careless sender sends twice.
        .then(() => (mailbox.mode === 'dropAfterData' ? hangUp(server, session) : callback()))
        .catch(callback);
    },
  });
  // A client that hangs up in the middle is everyday; without a listener it would end the process.
  server.on('error', () => undefined);

  return {
    async listen(port, host) {
      const listener = server.listen(port, host);
      await once(listener, 'listening');
      return (listener.address() as AddressInfo).port;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function receive(
  mailbox: Mailbox,
  stream: SMTPServerDataStream,
  { envelope }: SMTPServerSession,
): Promise<void> {
  const mail = await simpleParser(stream, { skipHtmlToText: true, skipTextToHtml: true });
  const sender = envelope.mailFrom ? envelope.mailFrom.address : '';
  mailbox.add(
    mail,
    sender,
    envelope.rcptTo.map(({ address }) => address),
  );
}

function hangUp(server: SMTPServer, { id }: SMTPServerSession): void {
  for (const connection of server.connections) {
    if (connection.session.id === id) connection._socket.destroy();
  }
}

function unavailable(): Error {
  return Object.assign(new Error('Service not available, the simulator refuses mail'), { responseCode: 421 });
}
