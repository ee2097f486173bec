import { Logger, Module } from '@nestjs/common';
import { RegrantConfig } from '../config/config.js';
import { EventsModule } from '../events/events.module.js';
import { MailIsOff, MailTransport } from './mail-transport.js';
import { MailService } from './mail.service.js';
import { Mails } from './mails.service.js';
import { SmtpMailTransport } from './smtp-mail-transport.js';

/** Stands in where no mail server is configured; outside production only, which requires one. */
class NoMailTransport extends MailTransport {
  deliver(): Promise<void> {
    return Promise.reject(new MailIsOff());
  }
  close(): void {}
}

@Module({
  imports: [EventsModule],
  providers: [
    {
      provide: MailTransport,
      inject: [RegrantConfig],
      useFactory: ({ mail }: RegrantConfig): MailTransport => {
        if (mail.smtpUrl) return new SmtpMailTransport(mail.smtpUrl);
        new Logger('MailModule').warn('SMTP_URL is not set: no mail is sent');
        return new NoMailTransport();
      },
    },
    MailService,
    Mails,
  ],
  exports: [MailService, Mails],
})
export class MailModule {}
