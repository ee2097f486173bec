import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull, LessThanOrEqual, MoreThan } from 'typeorm';
import { Clock } from '../common/clock.js';
import { randomToken, tokenHash } from '../common/random.js';
import { RegrantConfig } from '../config/config.js';
import { MailService } from '../mail/mail.service.js';
import { Seller } from './seller.entity.js';
import { SellerLink } from './seller-link.entity.js';

const LINK_HOURS = 48;
const purpose = 'verify_email';

/** `gone`: unknown or expired. */
export type LinkState = 'open' | 'used' | 'gone';

/** Proves that a seller reads the mail of the address: a link that works once, within 48 hours. */
@Injectable()
export class EmailVerification {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
    private readonly mail: MailService,
  ) {}

  /** A new link's token. Links sent earlier stay good: the seller may open any of the mails. */
  async createLink(sellerId: string, manager: EntityManager = this.dataSource.manager): Promise<string> {
    const now = this.clock.now();
    const token = randomToken();
    await manager.delete(SellerLink, { sellerId, purpose, expiresAt: LessThanOrEqual(now) });
    const expiresAt = this.clock.inSeconds(LINK_HOURS * 3600);
    await manager.insert(SellerLink, {
      tokenHash: tokenHash(token),
      sellerId,
      purpose,
      createdAt: now,
      expiresAt,
    });
    return token;
  }

  /** Sends the link without waiting for the mail server. */
  mailLink(email: string, token: string): void {
    this.mail.sendInBackground({
      to: email,
      template: 'verify-email',
      data: { url: `${this.config.publicUrl}/verify-email?token=${token}`, hours: LINK_HOURS },
      messageId: `verify-email.${tokenHash(token).toString('hex').slice(0, 32)}`,
    });
  }

  /** What the link would do now. Changes nothing: mail scanners open links before people do. */
  async inspect(token: string): Promise<LinkState> {
    const link = await this.dataSource.manager.findOneBy(SellerLink, {
      tokenHash: tokenHash(token),
      purpose,
    });
    if (link?.usedAt) return 'used';
    return link && link.expiresAt > this.clock.now() ? 'open' : 'gone';
  }

  /** Uses the link; false when it was used before, has expired or never was one of ours. */
  async confirm(token: string): Promise<boolean> {
    const now = this.clock.now();
    return this.dataSource.transaction(async (manager) => {
      const { raw } = (await manager
        .createQueryBuilder()
        .update(SellerLink)
        .set({ usedAt: now })
        .where({ tokenHash: tokenHash(token), purpose, usedAt: IsNull(), expiresAt: MoreThan(now) })
        .returning('seller_id')
        .execute()) as { raw: { seller_id: string }[] };
      const [used] = raw;
      if (!used) return false;
      const unverified = { id: used.seller_id, emailVerifiedAt: IsNull() };
      await manager.update(Seller, unverified, { emailVerifiedAt: now, updatedAt: now });
      return true;
    });
  }
}
