import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import nodemailer from 'nodemailer';
import { startSimulator, type TestSimulator } from '../testing.js';
import type { CaughtMail } from './mailbox.js';

const mail = {
  from: 'Regrant <regrant@example.com>',
  to: 'Ada <Ada@example.com>',
  bcc: 'hidden@example.com',
  subject: 'Grüße',
  text: 'Renew here: http://localhost:3000/x?a=1&b=2.\n<b>not bold</b>',
  html: '<html><head></head><body><a href="http://localhost:3000/x">Renew</a></body></html>',
  headers: { 'Auto-Submitted': 'auto-generated' },
};

describe('the mail catcher', () => {
  let simulator: TestSimulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(() => simulator.close());

  async function send(message: object = mail, login = ''): Promise<{ messageId: string }> {
    const transport = nodemailer.createTransport(simulator.smtpUrl.replace('//', `//${login}`));
    try {
      return await transport.sendMail(message);
    } finally {
      transport.close();
    }
  }
  const mails = async (query = '') =>
    (await simulator.json<CaughtMail[]>('GET', `/_simulator/mails${query}`)).body;
  const setMode = (mode: string) => simulator.json('PUT', '/_simulator/smtp', { mode });

  it('catches a mail with both its parts, its headers and all its recipients', async () => {
    const { messageId } = await send();
    const [caught, ...others] = await mails();
    expect(others).toEqual([]);
    expect(caught).toMatchObject({
      from: '"Regrant" <regrant@example.com>',
      to: ['Ada@example.com', 'hidden@example.com'],
      subject: mail.subject,
      html: expect.stringContaining('<a href='),
      messageId,
      receivedAt: '2026-01-01T00:00:00.000Z',
    });
    expect(caught?.text.trim()).toBe(mail.text);
    expect(caught?.headers['auto-submitted']).toBe('auto-generated');
    expect((await simulator.json('GET', `/_simulator/mails/${caught?.id}`)).body).toEqual(caught);
  });

  it('takes any login, and needs none', async () => {
    await send(mail, 'anyone:anything@');
    expect(await mails()).toHaveLength(1);
  });

  it('lists the newest first, by recipient when asked, and empties itself on request', async () => {
    await send({ ...mail, to: 'first@example.com', bcc: '' });
    await send({ ...mail, to: 'second@example.com', bcc: '' });
    expect((await mails()).map(({ to }) => to)).toEqual([['second@example.com'], ['first@example.com']]);
    expect(await mails('?to=FIRST@example.com')).toHaveLength(1);
    await simulator.json('DELETE', '/_simulator/mails');
    expect(await mails()).toEqual([]);
  });

  it('refuses senders in the mode refuse', async () => {
    await setMode('refuse');
    await expect(send()).rejects.toMatchObject({ responseCode: 421 });
    await setMode('normal');
    await send();
    expect(await mails()).toHaveLength(1);
  });

  it('keeps the mail but leaves its sender without an answer in the mode dropAfterData', async () => {
    await setMode('dropAfterData');
    await expect(send()).rejects.toThrow();
    expect(await mails()).toHaveLength(1);
  });

  it('shows mails as pages, with links in the text and the HTML part locked away', async () => {
    await send();
    const [caught] = await mails();
    const page = `/_simulator/mailbox/${caught?.id}`;
    expect((await simulator.json<string>('GET', '/_simulator/mailbox')).body).toContain(`href="${page}"`);
    const shown = (await simulator.json<string>('GET', page)).body;
    const address = 'http://localhost:3000/x?a=1&amp;b=2';
    expect(shown).toContain(`<a href="${address}">${address}</a>.`);
    expect(shown).toContain('&lt;b&gt;not bold&lt;/b&gt;');
    const part = await simulator.json<string>('GET', `${page}/html`);
    expect(part.headers.get('content-security-policy')).toMatch(/^sandbox /);
    expect(part.body).toContain('Renew</a>');
    expect((await simulator.json('GET', '/_simulator/mailbox/none')).status).toBe(404);
  });
});
