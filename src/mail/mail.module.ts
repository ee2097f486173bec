import { Logger, Module } from '@nestjs/common';
import { RegrantConfig } from '../config/config.js';
import { ChannelDown } from '../events/delivery-channel.js';
import { EventsModule } from '../events/events.module.js';
import { LwaModule } from '../lwa/lwa.module.js';
import { SellersModule } from '../sellers/sellers.module.js';
import { MailChannel } from './mail-channel.js';
import { MailFacts } from './mail-facts.service.js';
import { MailRules } from './mail-rules.js';
import { MailTransport } from './mail-transport.js';
import { Mails } from './mails.service.js';
import { Recipients } from './recipients.service.js';
import { SmtpMailTransport } from './smtp-mail-transport.js';

/** Stands in where no mail server is configured; outside production only, which requires one. Mails wait for days. */
class NoMailTransport extends MailTransport {
  deliver(): Promise<void> {
    return Promise.reject(new ChannelDown('SMTP_URL is not set'));
  }
  close(): void {}
}

/** Mail: which events cause which, what stands in them, and how they go out. */
@Module({
  imports: [EventsModule, SellersModule, LwaModule],
  providers: [
    {
      provide: MailTransport,
      inject: [RegrantConfig],
      useFactory: ({ mail }: RegrantConfig): MailTransport => {
        if (mail.smtpUrl) return new SmtpMailTransport(mail.smtpUrl);
        new Logger('MailModule').warn('SMTP_URL is not set: mails wait for up to three days');
        return new NoMailTransport();
      },
    },
    Recipients,
    MailFacts,
    MailChannel,
    MailRules,
    Mails,
  ],
  exports: [Mails],
})
export class MailModule {}
