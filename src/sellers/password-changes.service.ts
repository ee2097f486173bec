import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, Not } from 'typeorm';
import { Clock } from '../common/clock.js';
import { InvalidRequest, RateLimited } from '../common/errors.js';
import { RegrantConfig } from '../config/config.js';
import { EventLog } from '../events/event-log.js';
import { AccountMails } from './account-mails.service.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { hashPassword, passwordProblem } from './passwords.js';
import { Seller } from './seller.entity.js';
import { SellerLinks, type LinkState } from './seller-links.service.js';
import { SellerSession } from './seller-session.entity.js';
import { SellersService } from './sellers.service.js';
import { type SignedInSeller } from './signed-in.js';

/** Mails to one account within an hour. More are not sent, so that nobody's mailbox is flooded through us. */
const MAILS_PER_HOUR = 5;

/** New passwords for old ones: by a mailed link, or by somebody who is signed in and knows the current one. */
@Injectable()
export class PasswordChanges {
  private readonly mails = new AttemptLimiter(MAILS_PER_HOUR, 3600);

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
    private readonly sellers: SellersService,
    private readonly links: SellerLinks,
    private readonly events: EventLog,
    private readonly accountMails: AccountMails,
  ) {}

  /**
   * Mails a link to set a new password, without waiting for the mail server. Who calls cannot tell whether there is
   * such an account.
   * @param next the local path to continue at after the reset
   */
  async forgotten(email: string, next?: string): Promise<void> {
    const seller = await this.dataSource.manager.findOneBy(Seller, { email, status: 'active' });
    if (!seller || !this.mayMail(seller.id)) return;
    await this.dataSource.transaction((manager) => this.accountMails.resetPassword(manager, seller.id, next));
  }

  /** What the mailed link would do now. Changes nothing. */
  async inspect(token: string): Promise<LinkState> {
    return this.links.inspect(token, 'reset_password');
  }

  /**
   * Uses the mailed link, once: the new password holds, every session and any lock has ended, and the address counts
   * as verified, since its mail was read. Undefined when the link no longer works.
   * @throws InvalidRequest with a problem of `password`; the link stays good
   */
  async reset(token: string, password: string): Promise<{ sellerId: string; next?: string } | undefined> {
    const link = await this.links.find(token, 'reset_password');
    const seller = link && (await this.sellers.byId(link.sellerId));
    if (!seller || seller.status !== 'active') return undefined;
    assertGood(password, seller.email, 'password');
    const passwordHash = await hashPassword(password);
    const now = this.clock.now();
    const done = await this.dataSource.transaction(async (manager) => {
      if (!(await this.links.use(manager, token, 'reset_password'))) return false;
      await this.set(manager, seller.id, passwordHash);
      await manager.update(Seller, { id: seller.id }, { emailVerifiedAt: seller.emailVerifiedAt ?? now });
      await manager.delete(SellerSession, { sellerId: seller.id });
      return true;
    });
    return done ? { sellerId: seller.id, ...(link.next && { next: link.next }) } : undefined;
  }

  /**
   * Changes the password of who is signed in; all other sessions end.
   * @throws InvalidRequest with problems of `currentPassword` (which counts as a failed sign-in) and `newPassword`
   */
  async change(seller: SignedInSeller, currentPassword: string, newPassword: string): Promise<void> {
    const right = await this.sellers.signIn(seller.email, currentPassword);
    const weak = passwordProblem(newPassword, seller.email);
    const problems = [
      ...(right ? [] : [{ path: 'currentPassword', message: 'This is not your current password.' }]),
      ...(weak ? [{ path: 'newPassword', message: weak }] : []),
    ];
    if (problems.length) throw new InvalidRequest('The password was not changed.', problems);
    const passwordHash = await hashPassword(newPassword);
    await this.dataSource.transaction(async (manager) => {
      await this.set(manager, seller.id, passwordHash);
      const others = { sellerId: seller.id, idHash: Not(Buffer.from(seller.session, 'hex')) };
      await manager.delete(SellerSession, others);
    });
  }

  /** Links that were mailed for the old password are worth nothing any more. */
  private async set(manager: EntityManager, sellerId: string, passwordHash: string): Promise<void> {
    const unlocked = { failedSignIns: 0, lockedUntil: null };
    const updatedAt = this.clock.now();
    await manager.update(Seller, { id: sellerId }, { passwordHash, ...unlocked, updatedAt });
    await this.accountMails.withdraw(manager, sellerId, 'reset_password');
    await this.events.append(manager, {
      type: 'seller.password_changed',
      actor: `seller:${sellerId}`,
      sellerId,
    });
  }

  private mayMail(sellerId: string): boolean {
    if (!this.config.rateLimits) return true;
    try {
      this.mails.count(sellerId, this.clock.now());
      return true;
    } catch (error) {
      if (error instanceof RateLimited) return false;
      throw error;
    }
  }
}

function assertGood(password: string, email: string, path: string): void {
  const problem = passwordProblem(password, email);
  if (problem) throw new InvalidRequest(problem, [{ path, message: problem }]);
}
