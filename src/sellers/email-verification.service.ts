import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull } from 'typeorm';
import { Clock } from '../common/clock.js';
import { tokenHash } from '../common/random.js';
import { RegrantConfig } from '../config/config.js';
import { MailService } from '../mail/mail.service.js';
import { Seller } from './seller.entity.js';
import { LINK_HOURS, SellerLinks, type LinkState } from './seller-links.service.js';

/** Proves that a seller reads the mail of the address: a link that works once, within 48 hours. */
@Injectable()
export class EmailVerification {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
    private readonly links: SellerLinks,
    private readonly mail: MailService,
  ) {}

  /** @param manager of the transaction that makes the account; the mail goes out after its commit */
  async createLink(sellerId: string, manager?: EntityManager): Promise<string> {
    return this.links.create(sellerId, 'verify_email', manager && { manager });
  }

  /** Sends the link without waiting for the mail server. */
  mailLink(email: string, token: string): void {
    this.mail.sendInBackground({
      to: email,
      template: 'verify-email',
      data: {
        url: `${this.config.publicUrl}/verify-email?token=${token}`,
        hours: LINK_HOURS.verify_email,
      },
      messageId: `verify-email.${tokenHash(token).toString('hex').slice(0, 32)}`,
    });
  }

  /** What the link would do now. Changes nothing. */
  async inspect(token: string): Promise<LinkState> {
    return this.links.inspect(token, 'verify_email');
  }

  /** Uses the link; false when it was used before, has expired or never was one of ours. */
  async confirm(token: string): Promise<boolean> {
    const link = await this.links.find(token, 'verify_email');
    if (!link) return false;
    const now = this.clock.now();
    return this.dataSource.transaction(async (manager) => {
      if (!(await this.links.use(manager, token, 'verify_email'))) return false;
      const unverified = { id: link.sellerId, emailVerifiedAt: IsNull() };
      await manager.update(Seller, unverified, { emailVerifiedAt: now, updatedAt: now });
      return true;
    });
  }
}
