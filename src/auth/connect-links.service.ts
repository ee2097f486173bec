import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager, IsNull, LessThan, MoreThan } from 'typeorm';
import { Clock } from '../common/clock.js';
import { randomToken, tokenHash } from '../common/random.js';
import { RegrantConfig } from '../config/config.js';
import { ConnectFailure } from './connect-failure.js';
import { ConnectLink } from './connect-link.entity.js';

export type NewConnectLink = Pick<
  ConnectLink,
  'sellerId' | 'applicationId' | 'marketplaceId' | 'partnerType' | 'returnUrl'
>;

/** Long over, and nobody will ask any more why it does not work. */
const KEPT_SECONDS = 30 * 86_400;

/** Connect links: 256 random bits, stored hashed, for one seller, good for one connection. */
@Injectable()
export class ConnectLinksService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
    private readonly clock: Clock,
  ) {}

  /** A new link; its address is shown this once. */
  async create(link: NewConnectLink, expiresInSeconds: number): Promise<{ url: string; expiresAt: Date }> {
    const token = randomToken();
    const expiresAt = this.clock.inSeconds(expiresInSeconds);
    await this.dataSource.manager.insert(ConnectLink, {
      ...link,
      id: randomUUID(),
      tokenHash: tokenHash(token),
      createdAt: this.clock.now(),
      expiresAt,
    });
    await this.dataSource.manager.delete(ConnectLink, {
      expiresAt: LessThan(this.clock.inSeconds(-KEPT_SECONDS)),
    });
    return { url: `${this.config.publicUrl}/connect/${token}`, expiresAt };
  }

  /** @throws ConnectFailure when the link is unknown, used or expired */
  async open(token: string): Promise<ConnectLink> {
    const link = await this.dataSource.manager.findOneBy(ConnectLink, { tokenHash: tokenHash(token) });
    if (!link) throw new ConnectFailure('link_unknown');
    if (link.usedAt) throw new ConnectFailure('link_used');
    if (link.expiresAt <= this.clock.now()) throw new ConnectFailure('link_expired');
    return link;
  }

  /**
   * Uses the link, in the transaction that stores the authorization: until then it can be opened and tried again, by
   * mail scanners too, and of two browsers only one gets through.
   * @throws ConnectFailure
   */
  async use(manager: EntityManager, id: string): Promise<void> {
    const now = this.clock.now();
    const free = { id, usedAt: IsNull(), expiresAt: MoreThan(now) };
    const { affected } = await manager.update(ConnectLink, free, { usedAt: now });
    if (!affected) throw new ConnectFailure('link_used');
  }

  /**
   * Where the browser goes after `work`: the link's `returnUrl` with the outcome, or a page of ours.
   * @throws ConnectFailure when there is no `returnUrl` to tell it to
   */
  async afterwards(id: string, work: () => Promise<string>): Promise<string> {
    const link = await this.dataSource.manager.findOneBy(ConnectLink, { id });
    try {
      const authorizationId = await work();
      if (!link?.returnUrl) return '/connect/done';
      return withOutcome(link.returnUrl, { outcome: 'connected', authorizationId });
    } catch (error) {
      if (!(error instanceof ConnectFailure)) throw error;
      if (!link?.returnUrl) throw error.forLink();
      const outcome = error.reason === 'not_authorized' ? 'cancelled' : 'failed';
      return withOutcome(link.returnUrl, { outcome, reason: error.reason });
    }
  }
}

function withOutcome(returnUrl: string, outcome: Record<string, string>): string {
  const url = new URL(returnUrl);
  for (const [name, value] of Object.entries(outcome)) url.searchParams.set(name, value);
  return url.href;
}
