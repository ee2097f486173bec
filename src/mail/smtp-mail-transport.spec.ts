import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { SmtpMailTransport } from './smtp-mail-transport.js';

const MAIL = {
  to: 'seller@example.com',
  from: 'regrant@example.com',
  subject: 'Renew',
  text: 'Renew',
  html: '<p>Renew</p>',
  messageId: '<1@example.com>',
};

describe('A mail server that goes on talking and never answers', () => {
  it('is given up in time, and hears no more of the mail: it may be tried again elsewhere', async () => {
    let hungUp: () => void;
    const end = new Promise<void>((resolve) => (hungUp = resolve));
    const server = createServer((socket) => {
      socket.write('220 hello\r\n');
      const talking = setInterval(() => socket.write('250-and another thing\r\n'), 20);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearInterval(talking);
        hungUp();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const transport = new SmtpMailTransport(
      `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
      0.2,
    );
    await expect(transport.deliver(MAIL)).rejects.toMatchObject({ name: 'ChannelDown', code: 'no answer' });
    await expect(end).resolves.toBeUndefined();
    transport.close();
    server.close();
  });
});
