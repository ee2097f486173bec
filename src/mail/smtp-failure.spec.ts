import { describe, expect, it } from '@jest/globals';
import { ChannelDown, DeliveryDeferred, DeliveryRefused } from '../events/delivery-channel.js';
import { meaningOf } from './smtp-failure.js';

const address = 'marlene@example.com';

describe('meaningOf', () => {
  it.each([
    [
      'an unknown recipient',
      { command: 'RCPT TO', responseCode: 550, response: `550 5.1.1 <${address}> unknown` },
      DeliveryRefused,
      '550 5.1.1 at RCPT TO',
    ],
    [
      'a mail that is not wanted',
      { command: 'DATA', responseCode: 554, response: '554 no thanks' },
      DeliveryRefused,
      '554 at DATA',
    ],
    [
      'a full mailbox',
      { command: 'RCPT TO', responseCode: 452, response: '452-4.2.2 full' },
      DeliveryDeferred,
      '452 4.2.2 at RCPT TO',
    ],
    [
      'greylisting',
      { command: 'RCPT TO', responseCode: 451, response: `451 <${address}> later` },
      DeliveryDeferred,
      '451 at RCPT TO',
    ],
    [
      'a server that shuts down',
      { command: 'RCPT TO', responseCode: 421, response: '421 bye' },
      ChannelDown,
      '421 at RCPT TO',
    ],
    [
      'a sender that the server does not take',
      { command: 'MAIL FROM', responseCode: 553, response: '553 5.7.1 no' },
      ChannelDown,
      '553 5.7.1 at MAIL FROM',
    ],
    [
      'a wrong password',
      { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535, response: '535 5.7.8 no' },
      ChannelDown,
      '535 5.7.8 at AUTH PLAIN',
    ],
    [
      'a connection lost after the mail',
      { code: 'ECONNECTION', command: 'DATA' },
      ChannelDown,
      'ECONNECTION at DATA',
    ],
    ['nobody there', { code: 'ESOCKET', command: 'CONN' }, ChannelDown, 'ESOCKET at CONN'],
  ])('tells %s', (_name, error, kind, code) => {
    const meaning = meaningOf(error);
    expect(meaning).toBeInstanceOf(kind);
    expect(meaning.code).toBe(code);
    expect(JSON.stringify(meaning) + meaning.message).not.toContain(address);
  });
});
