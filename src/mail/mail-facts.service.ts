import { Injectable } from '@nestjs/common';
import { Between, DataSource, In, Not } from 'typeorm';
import { Application } from '../applications/application.entity.js';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { Delivery } from '../events/delivery.entity.js';
import { DeliveryMoot } from '../events/delivery-channel.js';
import { Marketplaces } from '../lwa/marketplaces.js';
import { AccountMails } from '../sellers/account-mails.service.js';
import { type LinkPurpose } from '../sellers/seller-link.entity.js';
import { Authorization } from '../tokens/authorization.entity.js';
import { daysUntil } from '../tokens/renewal-status.js';
import { authorizationFacts } from './authorization-facts.js';
import { chooseLocale, type Formats, formatsOf, type Language } from './locales.js';
import { type MailData } from './mails.service.js';
import { Recipients } from './recipients.service.js';

/** A mail of which all is known, still to be composed. */
export interface AddressedMail {
  address: string;
  sentTo: 'seller' | 'contact' | 'operator';
  template: string;
  language: Language;
  facts: object;
}

const LISTED_FAILURES = 20;

/** Looks up what a mail needs at the moment it goes out: nothing of it has to lie in the queue, and nothing is stale. */
@Injectable()
export class MailFacts {
  constructor(
    private readonly dataSource: DataSource,
    private readonly recipients: Recipients,
    private readonly accountMails: AccountMails,
    private readonly marketplaces: Marketplaces,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** @throws DeliveryMoot when there is nothing to say any more, or nobody to say it to */
  async of(delivery: Delivery): Promise<AddressedMail> {
    const authorization = await this.authorizationOf(delivery);
    const addressee = await this.recipients.of(delivery, authorization);
    const { language, tag } = chooseLocale(addressee.locale);
    const formats = formatsOf(tag);
    const context = { language, formats, now: this.clock.now(), publicUrl: this.config.publicUrl };
    const facts = authorization
      ? { ...delivery.data, ...authorizationFacts(authorization, addressee, context, this.marketplaces) }
      : await this.factsOf(delivery, formats);
    const { address, sentTo } = addressee;
    return { address, sentTo, template: templateFor(delivery, facts, authorization), language, facts };
  }

  private async authorizationOf({ authorizationId, template }: Delivery): Promise<Authorization | undefined> {
    if (!authorizationId) return undefined;
    const row = await this.dataSource.manager.findOneBy(Authorization, { id: authorizationId });
    if (!row) throw new DeliveryMoot('no such authorization');
    const askedFor = template.startsWith('renewal-') || template === 'reconnect-needed';
    if (askedFor && row.status === 'disconnected') throw new DeliveryMoot('disconnected');
    return row;
  }

  /** Of mails that are not about one authorization. */
  private async factsOf(delivery: Delivery, formats: Formats): Promise<object> {
    switch (delivery.template) {
      case 'verify-email':
        return this.link(delivery, 'verify_email', ({ hours }) => formats.hours(hours));
      case 'reset-password':
        return this.link(delivery, 'reset_password', ({ hours }) => formats.minutes(hours * 60));
      case 'account-locked':
        return { minutes: formats.minutes(Number(delivery.data['minutes'])) };
      case 'renewal-digest':
        return digestFacts(delivery.data as unknown as MailData['renewal-digest'], formats);
      case 'secret-expiring':
      case 'credentials-rejected':
        return this.application(delivery, formats);
      case 'delivery-failed':
        return this.failures(delivery.data as unknown as MailData['delivery-failed']);
      default:
        throw new Error(`there is no mail ${delivery.template}`);
    }
  }

  private async link(
    { id, sellerId, data }: Delivery,
    purpose: LinkPurpose,
    validFor: (link: { hours: number }) => string,
  ): Promise<object> {
    const link = sellerId && (await this.accountMails.linkFor({ id, sellerId, data }, purpose));
    if (!link) throw new DeliveryMoot('withdrawn');
    return { url: link.url, validFor: validFor(link) };
  }

  private async application({ applicationId, data }: Delivery, formats: Formats): Promise<object> {
    const row =
      applicationId && (await this.dataSource.manager.findOneBy(Application, { id: applicationId }));
    if (!row) throw new DeliveryMoot('no such application');
    const expiresAt = typeof data['expiresAt'] === 'string' ? new Date(data['expiresAt']) : undefined;
    const days = expiresAt && daysUntil(expiresAt, this.clock.now());
    return {
      application: row.name,
      applicationId: row.id,
      ...(expiresAt && { expiresOn: formats.date(expiresAt) }),
      ...(days !== undefined && {
        expired: days <= 0,
        inDays: formats.inDays(days),
        daysLeft: formats.days(days),
      }),
    };
  }

  /** What could not be delivered in that time, save such reports themselves. */
  private async failures({ from, until }: MailData['delivery-failed']): Promise<object> {
    const [rows, total] = await this.dataSource.manager.findAndCount(Delivery, {
      where: {
        status: In(['bounced', 'abandoned']),
        finishedAt: Between(new Date(from), new Date(until)),
        template: Not('delivery-failed'),
      },
      order: { finishedAt: 'ASC' },
      take: LISTED_FAILURES,
    });
    if (!total) throw new DeliveryMoot('nothing failed');
    const failures = rows.map(
      ({ template, status, lastError, authorizationId, sellerId, applicationId }) => ({
        template,
        status,
        reason: lastError ?? 'unknown',
        about: authorizationId
          ? `authorization ${authorizationId}`
          : sellerId
            ? `seller ${sellerId}`
            : `application ${applicationId ?? 'none'}`,
      }),
    );
    return { total, failures, more: total - rows.length };
  }
}

/** A reminder that had to wait until the day was over says so; one of a grant that Amazon refuses by now, says that. */
function templateFor({ template }: Delivery, facts: object, authorization?: Authorization): string {
  if (template !== 'renewal-reminder' && template !== 'renewal-overdue') return template;
  if (authorization?.status === 'reauthorization_required') return 'reconnect-needed';
  return 'overdue' in facts && facts.overdue ? 'renewal-overdue' : template;
}

function digestFacts(data: MailData['renewal-digest'], formats: Formats): object {
  const soonest = data.soonest.map(({ dueAt, ...row }) => ({ ...row, dueOn: formats.date(new Date(dueAt)) }));
  return { ...data, soonest };
}
