import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { RegrantConfig } from '../config/config.js';
import { type Delivery, type SentTo } from '../events/delivery.entity.js';
import { type DeliveryChannel } from '../events/delivery-channel.js';
import { Dispatcher } from '../events/dispatcher.js';
import { compose, messageIdOf } from './compose.js';
import { MailFacts } from './mail-facts.service.js';
import { MailTransport } from './mail-transport.js';

/** Mail as one channel of deliveries. */
@Injectable()
export class MailChannel implements DeliveryChannel, OnModuleInit, OnApplicationShutdown {
  readonly name = 'mail';
  readonly concurrency: number;
  /** The transport's minute, and the time to look up and to compose. */
  readonly longestSeconds = 90;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly facts: MailFacts,
    private readonly transport: MailTransport,
    private readonly config: RegrantConfig,
  ) {
    // One mail is composed while another is on its way.
    this.concurrency = 2 * transport.connections;
  }

  onModuleInit(): void {
    this.dispatcher.register(this);
  }

  async deliver(delivery: Delivery): Promise<SentTo> {
    const { publicUrl, mail } = this.config;
    const { address, sentTo, template, language, facts } = await this.facts.of(delivery);
    await this.transport.deliver({
      ...compose(template, language, facts, publicUrl),
      to: address,
      from: mail.from,
      messageId: messageIdOf(delivery, publicUrl),
    });
    return sentTo;
  }

  /** After the dispatcher, which lets mails in flight arrive before. */
  onApplicationShutdown(): void {
    this.transport.close();
  }
}
