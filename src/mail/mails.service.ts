import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { Deliveries, type NewDelivery } from '../events/deliveries.service.js';

/**
 * What the texts of each mail need besides what is looked up when it goes out. Times in RFC 3339. Mails about accounts
 * are queued by `AccountMails`, below this module.
 */
export interface MailData {
  'renewal-reminder': { dueAt: string };
  'renewal-overdue': { dueAt: string };
  'renewal-digest': {
    runId: string;
    flaggedDue: number;
    flaggedOverdue: number;
    remindersQueued: number;
    failures: number;
    /** A few of those that are due, soonest first. */
    soonest: { authorizationId: string; sellingPartnerId: string; region: string; dueAt: string }[];
  };
  'secret-expiring': { expiresAt: string };
  'credentials-rejected': object;
  connected: { renewed: boolean };
  'reconnect-needed': object;
  disconnected: object;
  /** Which failures it reports. */
  'delivery-failed': { from: string; until: string };
}

export type NewMail = {
  [Name in keyof MailData]: Omit<NewDelivery, 'channel' | 'template' | 'data'> & {
    template: Name;
    data: MailData[Name];
  };
}[keyof MailData];

/**
 * Deliveries by mail, with their data held to what the templates need. Selling partner, marketplace, days left, locale
 * and address are looked up when the mail goes out.
 */
@Injectable()
export class Mails {
  constructor(private readonly deliveries: Deliveries) {}

  /** As `Deliveries.queue`. */
  async queue(manager: EntityManager, mail: NewMail): Promise<boolean> {
    return this.deliveries.queue(manager, { ...mail, channel: 'mail', data: { ...mail.data } });
  }
}
