import { Injectable, type OnModuleInit } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Clock } from '../common/clock.js';
import { InvalidRequest } from '../common/errors.js';
import { randomToken } from '../common/random.js';
import { RegrantConfig } from '../config/config.js';
import { EventLog } from '../events/event-log.js';
import { AccountMails } from './account-mails.service.js';
import { duplicateField } from './duplicates.js';
import { hashPassword, passwordProblem, verifyPassword } from './passwords.js';
import { Seller } from './seller.entity.js';
import { type SignedInSeller } from './signed-in.js';

const MAX_FAILURES = 10;
const LOCK_SECONDS = 15 * 60;
const TAKEN = { path: 'email', message: 'There is an account with this address already. Sign in instead.' };

/** The accounts of our website. Addresses come in normalised: trimmed, in lower case. */
@Injectable()
export class SellersService implements OnModuleInit {
  /** Verified when there is no account, so that the answer takes as long as for a wrong password. */
  private decoyHash: string;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
    private readonly events: EventLog,
    private readonly mails: AccountMails,
  ) {}

  async onModuleInit(): Promise<void> {
    this.decoyHash = await hashPassword(randomToken());
  }

  /**
   * A new account, and a mail to verify its address.
   * @throws InvalidRequest with all problems of `email` (taken) and `password` (weak)
   */
  async signUp(email: string, password: string): Promise<Seller> {
    const weak = passwordProblem(password, email);
    if (weak) {
      const problems = [{ path: 'password', message: weak }];
      if (await this.dataSource.manager.existsBy(Seller, { email })) problems.push(TAKEN);
      throw new InvalidRequest('The account cannot be made like this.', problems);
    }
    const now = this.clock.now();
    const seller = this.dataSource.manager.create(Seller, {
      id: randomUUID(),
      email,
      passwordHash: await hashPassword(password),
      createdAt: now,
      updatedAt: now,
    });
    await this.dataSource.transaction(async (manager) => {
      await manager.insert(Seller, seller).catch((error: unknown) => {
        throw duplicateField(error) === 'email' ? new InvalidRequest(TAKEN.message, [TAKEN]) : error;
      });
      await this.events.append(manager, {
        type: 'seller.created',
        actor: `seller:${seller.id}`,
        sellerId: seller.id,
      });
      await this.mails.verifyEmail(manager, seller.id);
    });
    return seller;
  }

  /**
   * The account when address and password are right, else undefined, whatever the reason: unknown address, wrong
   * password, locked or disabled account look the same and take about as long.
   */
  async signIn(email: string, password: string): Promise<{ id: string } | undefined> {
    const attempt = await this.registerAttempt(email);
    const right = await verifyPassword(attempt?.passwordHash ?? this.decoyHash, password);
    if (!attempt?.passwordHash || !right) return undefined;
    // The password may have been changed while this one was verified.
    const unchanged = { id: attempt.id, passwordHash: attempt.passwordHash };
    const unlocked = { failedSignIns: 0, lockedUntil: null };
    return this.dataSource.transaction(async (manager) => {
      const { affected } = await manager.update(Seller, unchanged, unlocked);
      if (!affected) return undefined;
      if (attempt.lockedUntil) await this.mails.notLocked(manager, attempt.id);
      return { id: attempt.id };
    });
  }

  /**
   * Whether who is signed in is the owner and not somebody at their screen: by the password, which counts as a sign-in,
   * or where there is none by the address, retyped.
   */
  async confirmOwner(seller: SignedInSeller, given: { password: string; email: string }): Promise<boolean> {
    if (await this.hasPassword(seller.id)) return !!(await this.signIn(seller.email, given.password));
    return given.email === seller.email;
  }

  /** Whether the account has a password that can be used here. */
  async hasPassword(id: string): Promise<boolean> {
    return this.config.signIn.local && !!(await this.byId(id))?.passwordHash;
  }

  async byId(id: string): Promise<Seller | null> {
    return this.dataSource.manager.findOneBy(Seller, { id });
  }

  /**
   * Counts the attempt as failed before the password is looked at, in one statement: guesses sent at the same moment
   * cannot exceed the limit. Success sets the count back. The last one allowed locks the account and queues the mail
   * that says so. Undefined for no, a locked or a disabled account.
   */
  private async registerAttempt(
    email: string,
  ): Promise<Pick<Seller, 'id' | 'passwordHash' | 'lockedUntil'> | undefined> {
    // A lock that has run out starts a new count.
    const failures = 'CASE WHEN locked_until IS NULL THEN failed_sign_ins + 1 ELSE 1 END';
    return this.dataSource.transaction(async (manager) => {
      const { raw } = (await manager
        .createQueryBuilder()
        .update(Seller)
        .set({
          failedSignIns: () => failures,
          lockedUntil: () => `CASE WHEN ${failures} >= :max THEN :lockedUntil::timestamptz END`,
        })
        .where(`email = :email AND status = 'active' AND (locked_until IS NULL OR locked_until <= :now)`)
        .setParameters({
          email,
          now: this.clock.now(),
          max: MAX_FAILURES,
          lockedUntil: this.clock.inSeconds(LOCK_SECONDS),
        })
        .returning('id, password_hash, locked_until')
        .execute()) as { raw: { id: string; password_hash: string | null; locked_until: Date | null }[] };
      const [row] = raw;
      if (row?.locked_until) await this.mails.locked(manager, row.id, row.locked_until, LOCK_SECONDS / 60);
      return row && { id: row.id, passwordHash: row.password_hash, lockedUntil: row.locked_until };
    });
  }
}
