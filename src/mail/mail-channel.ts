import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { RegrantConfig } from '../config/config.js';
import { type Delivery } from '../events/delivery.entity.js';
import { type DeliveryChannel, type HandOver } from '../events/delivery-channel.js';
import { Dispatcher } from '../events/dispatcher.js';
import { compose, messageIdOf } from './compose.js';
import { MailFacts } from './mail-facts.service.js';
import { MailTransport } from './mail-transport.js';

/** Mail as one channel of deliveries. */
@Injectable()
export class MailChannel implements DeliveryChannel, OnModuleInit, OnApplicationShutdown {
  readonly name = 'mail';
  /** The transport's minute. */
  readonly longestSeconds = 60;

  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly facts: MailFacts,
    private readonly transport: MailTransport,
    private readonly config: RegrantConfig,
  ) {}

  onModuleInit(): void {
    this.dispatcher.register(this);
  }

  async prepare(delivery: Delivery): Promise<HandOver> {
    const { publicUrl, mail } = this.config;
    const { address, sentTo, template, language, facts } = await this.facts.of(delivery);
    const outgoing = {
      ...compose(template, language, facts, publicUrl),
      to: address,
      from: mail.from,
      messageId: messageIdOf(delivery, publicUrl),
    };
    return async () => {
      await this.transport.deliver(outgoing);
      return sentTo;
    };
  }

  /** After the dispatcher, which lets mails in flight arrive before. */
  onApplicationShutdown(): void {
    this.transport.close();
  }
}
