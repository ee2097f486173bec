import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, IsNull, LessThanOrEqual, MoreThan } from 'typeorm';
import { Clock } from '../common/clock.js';
import { randomToken, tokenHash } from '../common/random.js';
import { type LinkPurpose, SellerLink } from './seller-link.entity.js';

export const LINK_HOURS: Record<LinkPurpose, number> = { verify_email: 48, reset_password: 1 };

/** `gone`: unknown or expired. */
export type LinkState = 'open' | 'used' | 'gone';

/** Links that are mailed to sellers: 256 random bits, stored hashed, good for one use. */
@Injectable()
export class SellerLinks {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * A new link's token. Links sent earlier stay good: the seller may open any of the mails.
   * @param next where the seller was going; kept here, so that the mailed link stays short
   */
  async create(
    sellerId: string,
    purpose: LinkPurpose,
    { next, manager = this.dataSource.manager }: { next?: string; manager?: EntityManager } = {},
  ): Promise<string> {
    const now = this.clock.now();
    const token = randomToken();
    await manager.delete(SellerLink, { sellerId, purpose, expiresAt: LessThanOrEqual(now) });
    await manager.insert(SellerLink, {
      tokenHash: tokenHash(token),
      sellerId,
      purpose,
      next: next ?? null,
      createdAt: now,
      expiresAt: this.clock.inSeconds(LINK_HOURS[purpose] * 3600),
    });
    return token;
  }

  async find(token: string, purpose: LinkPurpose): Promise<SellerLink | null> {
    return this.dataSource.manager.findOneBy(SellerLink, { tokenHash: tokenHash(token), purpose });
  }

  /** What the link would do now. Changes nothing: mail scanners open links before people do. */
  async inspect(token: string, purpose: LinkPurpose): Promise<LinkState> {
    const link = await this.find(token, purpose);
    if (link?.usedAt) return 'used';
    return link && link.expiresAt > this.clock.now() ? 'open' : 'gone';
  }

  /** Uses the link, by one statement; false when it was used before, has expired or never was one of ours. */
  async use(manager: EntityManager, token: string, purpose: LinkPurpose): Promise<boolean> {
    const now = this.clock.now();
    const open = { tokenHash: tokenHash(token), purpose, usedAt: IsNull(), expiresAt: MoreThan(now) };
    const { affected } = await manager.update(SellerLink, open, { usedAt: now });
    return affected === 1;
  }

  /** Makes the seller's unused links worthless. */
  async withdraw(manager: EntityManager, sellerId: string, purpose: LinkPurpose): Promise<void> {
    await manager.delete(SellerLink, { sellerId, usedAt: IsNull(), purpose });
  }
}
