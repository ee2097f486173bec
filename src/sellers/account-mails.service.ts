import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { RegrantConfig } from '../config/config.js';
import { Deliveries } from '../events/deliveries.service.js';
import { type LinkPurpose } from './seller-link.entity.js';
import { LINK_HOURS, SellerLinks } from './seller-links.service.js';

const TEMPLATES: Record<LinkPurpose, string> = {
  verify_email: 'verify-email',
  reset_password: 'reset-password',
};
const PATHS: Record<LinkPurpose, string> = {
  verify_email: '/verify-email',
  reset_password: '/reset-password',
};
/** Who asked for a new password an hour ago has asked again since, or given up. */
const RESET_MAIL_SECONDS = 3600;
/** The password that locks an account is verified meanwhile; the right one calls the mail off. */
const LOCK_MAIL_SECONDS = 1;

/**
 * Mails about the account itself, queued in the transaction of the change that causes them. A link's token is made only
 * when its mail goes out: it never lies in the queue, and it lives its full time however long the mail had to wait.
 */
@Injectable()
export class AccountMails {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
    private readonly deliveries: Deliveries,
    private readonly links: SellerLinks,
  ) {}

  /** A link that proves that the seller reads the mail of the address. */
  async verifyEmail(manager: EntityManager, sellerId: string): Promise<void> {
    await this.queueLink(manager, sellerId, 'verify_email');
  }

  /** @param next the local path to continue at after the reset */
  async resetPassword(manager: EntityManager, sellerId: string, next?: string): Promise<void> {
    await this.queueLink(manager, sellerId, 'reset_password', {
      ...(next && { data: { next } }),
      notAfter: this.clock.inSeconds(RESET_MAIL_SECONDS),
    });
  }

  async locked(manager: EntityManager, sellerId: string, until: Date, minutes: number): Promise<void> {
    await this.deliveries.queue(manager, {
      channel: 'mail',
      key: `account-locked.${sellerId}.${until.getTime()}`,
      topic: lockTopic(sellerId),
      template: 'account-locked',
      recipient: 'seller',
      sellerId,
      data: { minutes },
      notBefore: this.clock.inSeconds(LOCK_MAIL_SECONDS),
    });
  }

  /** It was the right password after all. */
  async notLocked(manager: EntityManager, sellerId: string): Promise<void> {
    await this.deliveries.drop(manager, lockTopic(sellerId));
  }

  /**
   * Links that were mailed, or are about to be, are worth nothing any more, say because the address or the password is
   * another one now.
   */
  async withdraw(manager: EntityManager, sellerId: string, ...purposes: LinkPurpose[]): Promise<void> {
    for (const purpose of purposes) {
      // In this order: waits for a link that is being made at this moment (`linkFor`), then deletes it too.
      await this.deliveries.drop(manager, linkTopic(sellerId, purpose));
      await this.links.withdraw(manager, sellerId, purpose);
    }
  }

  /**
   * The address of the link for a mail that goes out now, and for how many hours it works; undefined when the mail was
   * dropped meanwhile.
   */
  async linkFor(
    { id, sellerId, data }: { id: string; sellerId: string; data: Record<string, unknown> },
    purpose: LinkPurpose,
  ): Promise<{ url: string; hours: number } | undefined> {
    const next = typeof data['next'] === 'string' ? data['next'] : undefined;
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.deliveries.holdPending(manager, id))) return undefined;
      const token = await this.links.create(sellerId, purpose, { manager, ...(next && { next }) });
      return {
        url: `${this.config.publicUrl}${PATHS[purpose]}?token=${token}`,
        hours: LINK_HOURS[purpose],
      };
    });
  }

  /** Each request is an occasion of its own; an older mail that still waits is not needed then. */
  private async queueLink(
    manager: EntityManager,
    sellerId: string,
    purpose: LinkPurpose,
    more: { data?: Record<string, unknown>; notAfter?: Date } = {},
  ): Promise<void> {
    const template = TEMPLATES[purpose];
    await this.deliveries.queue(manager, {
      channel: 'mail',
      key: `${template}.${sellerId}.${randomUUID()}`,
      topic: linkTopic(sellerId, purpose),
      supersedes: true,
      template,
      recipient: 'seller',
      sellerId,
      ...more,
    });
  }
}

const linkTopic = (sellerId: string, purpose: LinkPurpose): string => `${TEMPLATES[purpose]}:${sellerId}`;
const lockTopic = (sellerId: string): string => `account-locked:${sellerId}`;
