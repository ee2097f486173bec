import { Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { DataSource, LessThanOrEqual, MoreThan, Not } from 'typeorm';
import { Clock } from '../common/clock.js';
import { randomToken, tokenHash } from '../common/random.js';
import { RegrantConfig } from '../config/config.js';
import { clearCookie, readCookie, writeCookie } from './cookies.js';
import { Seller } from './seller.entity.js';
import { SellerSession } from './seller-session.entity.js';
import { type SignedInSeller } from './signed-in.js';

const HOUR = 3600;
const IDLE_SECONDS = 7 * 24 * HOUR;
const MAX_SECONDS = 30 * 24 * HOUR;
/** How often a session in use is extended, and how often expired ones are removed. */
const UPKEEP_SECONDS = HOUR;

/** Sessions end 7 days after their last use, 30 days after sign-in at the latest, or by signing out. */
@Injectable()
export class SessionsService {
  private lastCleanup = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
  ) {}

  /**
   * Signs this browser in under a new session id; the session it had before is gone.
   * @param oidcIdToken of a sign-in by the identity provider
   */
  async begin(
    sellerId: string,
    request: FastifyRequest,
    reply: FastifyReply,
    oidcIdToken: string | null = null,
  ): Promise<void> {
    const token = randomToken();
    const old = readCookie(request, 'session', this.config.secure);
    const now = this.clock.now();
    await this.dataSource.transaction(async (manager) => {
      if (old) await manager.delete(SellerSession, { idHash: tokenHash(old) });
      await manager.insert(SellerSession, {
        idHash: tokenHash(token),
        sellerId,
        oidcIdToken,
        userAgent: request.headers['user-agent']?.slice(0, 300) ?? null,
        createdAt: now,
        lastSeenAt: now,
        expiresAt: this.clock.inSeconds(IDLE_SECONDS),
      });
    });
    writeCookie(reply, 'session', token, this.config.secure);
    await this.removeExpired(now);
  }

  /** The session of this browser, extended when it is in use; undefined when signed out. */
  async find(request: FastifyRequest): Promise<SignedInSeller | undefined> {
    const token = readCookie(request, 'session', this.config.secure);
    if (!token) return undefined;
    const idHash = tokenHash(token);
    const now = this.clock.now();
    const row = await this.dataSource.manager
      .createQueryBuilder(SellerSession, 'session')
      .innerJoin(Seller, 'seller', 'seller.id = session.sellerId')
      .select('seller.id', 'id')
      .addSelect('seller.email', 'email')
      .addSelect('seller.emailVerifiedAt IS NOT NULL', 'emailVerified')
      .addSelect('session.createdAt', 'createdAt')
      .addSelect('session.lastSeenAt', 'lastSeenAt')
      .where('session.idHash = :idHash AND session.expiresAt > :now', { idHash, now })
      .andWhere(`seller.status = 'active'`)
      .getRawOne<Omit<SignedInSeller, 'session'> & { createdAt: Date; lastSeenAt: Date }>();
    if (!row) return undefined;
    const { createdAt, lastSeenAt, ...seller } = row;
    if (now.getTime() - lastSeenAt.getTime() >= UPKEEP_SECONDS * 1000)
      await this.extend(idHash, createdAt, now);
    return { ...seller, session: idHash.toString('hex') };
  }

  /** Signs this browser out, here and not only in its cookie. Answers what `begin` was given. */
  async end(request: FastifyRequest, reply: FastifyReply): Promise<{ oidcIdToken: string | null }> {
    const token = readCookie(request, 'session', this.config.secure);
    clearCookie(reply, 'session', this.config.secure);
    if (!token) return { oidcIdToken: null };
    const { raw } = (await this.dataSource
      .createQueryBuilder()
      .delete()
      .from(SellerSession)
      .where({ idHash: tokenHash(token) })
      .returning('oidc_id_token')
      .execute()) as { raw: { oidc_id_token: string | null }[] };
    return { oidcIdToken: raw[0]?.oidc_id_token ?? null };
  }

  /** The sessions of one seller that are still open, the one used last first. */
  async ofSeller(sellerId: string): Promise<SellerSession[]> {
    const expiresAt = MoreThan(this.clock.now());
    const order = { lastSeenAt: 'DESC', createdAt: 'DESC' } as const;
    return this.dataSource.manager.find(SellerSession, { where: { sellerId, expiresAt }, order });
  }

  /** Ends one session of that seller, named as in `SignedInSeller`; one that is over already is no error. */
  async endOne(sellerId: string, session: string): Promise<void> {
    await this.dataSource.manager.delete(SellerSession, { sellerId, idHash: Buffer.from(session, 'hex') });
  }

  /** Ends all sessions of that seller but this one. */
  async endOthers({ id, session }: SignedInSeller): Promise<void> {
    const others = { sellerId: id, idHash: Not(Buffer.from(session, 'hex')) };
    await this.dataSource.manager.delete(SellerSession, others);
  }

  private async extend(idHash: Buffer, createdAt: Date, now: Date): Promise<void> {
    const latest = createdAt.getTime() + MAX_SECONDS * 1000;
    const expiresAt = new Date(Math.min(this.clock.inSeconds(IDLE_SECONDS).getTime(), latest));
    await this.dataSource.manager.update(SellerSession, { idHash }, { lastSeenAt: now, expiresAt });
  }

  private async removeExpired(now: Date): Promise<void> {
    if (now.getTime() - this.lastCleanup < UPKEEP_SECONDS * 1000) return;
    this.lastCleanup = now.getTime();
    await this.dataSource.manager.delete(SellerSession, { expiresAt: LessThanOrEqual(now) });
  }
}
