import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { parseConfig } from '../config/config.js';
import { compose, MailService } from './mail.service.js';
import { MailIsOff, MailTransport, type OutgoingMail } from './mail-transport.js';

/** Keeps mails, holds them back or refuses them. */
class FakeMailTransport extends MailTransport {
  readonly delivered: OutgoingMail[] = [];
  closed = false;
  gate: Promise<void> = Promise.resolve();
  refusal: Error | undefined;

  async deliver(mail: OutgoingMail): Promise<void> {
    await this.gate;
    if (this.refusal) throw this.refusal;
    this.delivered.push(mail);
  }
  close(): void {
    this.closed = true;
  }
}

const verification = {
  to: 'marlene@example.com',
  template: 'verify-email',
  data: { url: 'https://regrant.example/verify-email?token=a&b=<c>', hours: 48 },
  messageId: 'verify-email.1',
} as const;

describe('compose', () => {
  const samples = [
    verification,
    {
      template: 'reset-password',
      data: { url: 'https://regrant.example/reset-password?token=a', minutes: 60 },
      messageId: 'reset-password.1',
    },
    { template: 'account-locked', data: { minutes: 15 }, messageId: 'account-locked.1' },
  ] as const;

  it.each(samples)('writes the mail $template as text and HTML', (sample) => {
    const mail = compose(sample, 'https://regrant.example');
    expect(mail.subject).toMatch(/^[^\n]{10,80}$/);
    expect(mail.text).toMatch(/^Hello,\n\n/);
    expect(mail.text).not.toMatch(/undefined|\n{3}/);
    expect(mail.html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(mail.html).not.toMatch(/undefined|<table|<img|<script/);
    expect(mail.messageId).toBe(`<${sample.messageId}@regrant.example>`);
  });

  it('escapes data in HTML and leaves it alone in text', () => {
    const { text, html } = compose(verification, 'https://regrant.example');
    expect(text).toContain('\nhttps://regrant.example/verify-email?token=a&b=<c>\n');
    expect(html).toContain('href="https://regrant.example/verify-email?token=a&amp;b=&lt;c&gt;"');
  });
});

describe('MailService', () => {
  let transport: FakeMailTransport;
  let service: MailService;
  let warn: jest.SpiedFunction<Logger['warn']>;

  beforeEach(() => {
    transport = new FakeMailTransport();
    service = new MailService(transport, parseConfig({ MAIL_FROM: 'Regrant <regrant@example.com>' }));
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });
  afterEach(() => warn.mockRestore());

  it('tells who calls it when a mail could not be delivered', async () => {
    transport.refusal = new Error('connection refused');
    await expect(service.send(verification)).rejects.toThrow('connection refused');
  });

  it('logs that a mail in the background failed, without the address', async () => {
    const refusal = new Error('550 <marlene@example.com> unknown');
    transport.refusal = Object.assign(refusal, { code: 'EENVELOPE', responseCode: 550 });
    service.sendInBackground(verification);
    await service.onApplicationShutdown();
    expect(warn.mock.calls).toEqual([['a mail could not be sent: verify-email (EENVELOPE 550)']]);
  });

  it('logs nothing per mail where mail is off', async () => {
    transport.refusal = new MailIsOff();
    service.sendInBackground(verification);
    await service.onApplicationShutdown();
    expect(warn).not.toHaveBeenCalled();
  });

  it('ends only after the mails in flight', async () => {
    let open: () => void = () => undefined;
    transport.gate = new Promise((resolve) => (open = resolve));
    service.sendInBackground(verification);
    const ended = service.onApplicationShutdown();
    expect(transport.closed).toBe(false);
    open();
    await ended;
    expect(transport.delivered).toMatchObject([
      { to: 'marlene@example.com', from: 'Regrant <regrant@example.com>' },
    ]);
    expect(transport.closed).toBe(true);
  });
});
