import { Injectable } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';
import { Clock } from '../common/clock.js';
import { AccountMails } from './account-mails.service.js';
import { Seller } from './seller.entity.js';
import { SellerLinks, type LinkState } from './seller-links.service.js';

/** Proves that a seller reads the mail of the address: a link that works once, within 48 hours. */
@Injectable()
export class EmailVerification {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly links: SellerLinks,
    private readonly mails: AccountMails,
  ) {}

  /** Mails another link. */
  async sendAgain(sellerId: string): Promise<void> {
    await this.dataSource.transaction((manager) => this.mails.verifyEmail(manager, sellerId));
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
