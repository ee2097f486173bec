import { Injectable } from '@nestjs/common';
import { isEmail } from 'class-validator';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { Conflict } from '../../common/errors.js';
import { RegrantConfig } from '../../config/config.js';
import { EventLog } from '../../events/event-log.js';
import { AccountMails } from '../account-mails.service.js';
import { normalEmail } from '../forms.js';
import { Seller } from '../seller.entity.js';
import { type Identity } from './oidc-client.js';
import { OidcFailure } from './oidc-failure.js';
import { SellerIdentity } from './seller-identity.entity.js';

/** Accounts of people whom the identity provider vouches for: found by issuer and subject, never by mail address. */
@Injectable()
export class OidcAccounts {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly config: RegrantConfig,
    private readonly events: EventLog,
    private readonly mails: AccountMails,
  ) {}

  /**
   * The id of that person's account, made at the first sign-in.
   * @throws OidcFailure `disabled`, `no_email`, or `email_taken` when the address belongs to another account
   */
  async signIn(identity: Identity): Promise<string> {
    return this.dataSource.transaction(async (manager) => {
      const known = await this.lock(manager, identity);
      return known ? this.welcomeBack(manager, known, identity) : this.signUp(manager, identity);
    });
  }

  /** Lets that person sign in to this account too. @throws OidcFailure `linked_elsewhere` */
  async link(sellerId: string, identity: Identity): Promise<void> {
    const { issuer, subject } = identity;
    await this.dataSource.transaction(async (manager) => {
      const known = await this.lock(manager, identity);
      if (known?.sellerId === sellerId) return;
      // Two sign-ins that link at the same moment wait here for each other.
      await manager.findOne(Seller, { where: { id: sellerId }, lock: { mode: 'pessimistic_write' } });
      if (known || (await manager.existsBy(SellerIdentity, { sellerId, issuer })))
        throw new OidcFailure('linked_elsewhere');
      await manager.insert(SellerIdentity, { issuer, subject, sellerId, createdAt: this.clock.now() });
      await this.note(manager, 'seller.identity_linked', sellerId);
    });
  }

  /** Whether an identity of the provider is linked to this account. */
  async isLinked(sellerId: string): Promise<boolean> {
    const issuer = this.config.signIn.oidc?.issuer;
    return !!issuer && this.dataSource.manager.existsBy(SellerIdentity, { sellerId, issuer });
  }

  /** @throws Conflict while the account has no password: nobody could sign in to it any more */
  async unlink(sellerId: string): Promise<void> {
    const issuer = this.config.signIn.oidc?.issuer;
    if (!issuer) return;
    await this.dataSource.transaction(async (manager) => {
      const seller = await manager.findOne(Seller, {
        where: { id: sellerId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!seller?.passwordHash || !this.config.signIn.local)
        throw new Conflict('Your account has no password, so this is the only way to sign in.', {
          advice: 'Set a password first.',
          action: { label: 'Back to your account', href: '/account' },
        });
      const { affected } = await manager.delete(SellerIdentity, { sellerId, issuer });
      if (affected) await this.note(manager, 'seller.identity_unlinked', sellerId);
    });
  }

  /** Two first sign-ins of the same person wait for each other, so that they make one account. */
  private async lock(manager: EntityManager, { issuer, subject }: Identity): Promise<SellerIdentity | null> {
    const name = `${issuer} ${subject}`;
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
    return manager.findOneBy(SellerIdentity, { issuer, subject });
  }

  private async signUp(manager: EntityManager, identity: Identity): Promise<string> {
    const email = addressOf(identity);
    if (!email) throw new OidcFailure('no_email');
    const now = this.clock.now();
    const sellerId = randomUUID();
    const row = { id: sellerId, email, emailVerifiedAt: identity.emailVerified ? now : null };
    const inserting = manager.createQueryBuilder().insert().into(Seller);
    const { raw } = (await inserting
      .values({ ...row, createdAt: now, updatedAt: now })
      .orIgnore()
      .returning('id')
      .execute()) as { raw: unknown[] };
    if (!raw.length) throw await this.taken(manager, email);
    const { issuer, subject } = identity;
    await manager.insert(SellerIdentity, { issuer, subject, sellerId, createdAt: now });
    await this.note(manager, 'seller.created', sellerId);
    if (!identity.emailVerified) await this.mails.verifyEmail(manager, sellerId);
    return sellerId;
  }

  private async taken(manager: EntityManager, email: string): Promise<OidcFailure> {
    const owner = await manager.findOneBy(Seller, { email });
    const canSignIn = this.config.signIn.local && !!owner?.passwordHash;
    return new OidcFailure(canSignIn ? 'email_taken' : 'email_taken_without_password');
  }

  /**
   * The provider's word on the address is followed: a new one where the account has no password (it is then no name to
   * sign in by, and nobody else has it), and that it was verified.
   */
  private async welcomeBack(manager: EntityManager, { sellerId }: SellerIdentity, identity: Identity) {
    const seller = await manager.findOneByOrFail(Seller, { id: sellerId });
    if (seller.status !== 'active') throw new OidcFailure('disabled');
    const now = this.clock.now();
    const email = addressOf(identity) ?? seller.email;
    if (email === seller.email) {
      if (identity.emailVerified && identity.email && !seller.emailVerifiedAt)
        await manager.update(Seller, { id: sellerId }, { emailVerifiedAt: now, updatedAt: now });
      return sellerId;
    }
    if (seller.passwordHash || (await manager.existsBy(Seller, { email }))) return sellerId;
    const emailVerifiedAt = identity.emailVerified ? now : null;
    await manager.update(Seller, { id: sellerId }, { email, emailVerifiedAt, updatedAt: now });
    await this.mails.withdraw(manager, sellerId, 'verify_email', 'reset_password');
    await this.note(manager, 'seller.changed', sellerId, { changed: ['email'] });
    if (!identity.emailVerified) await this.mails.verifyEmail(manager, sellerId);
    return sellerId;
  }

  private async note(
    manager: EntityManager,
    type: 'seller.created' | 'seller.changed' | 'seller.identity_linked' | 'seller.identity_unlinked',
    sellerId: string,
    data: Record<string, unknown> = {},
  ): Promise<void> {
    await this.events.append(manager, { type, actor: `seller:${sellerId}`, sellerId, data });
  }
}

/** The address in the form we store; undefined when the provider told none that we could mail to. */
function addressOf({ email }: Identity): string | undefined {
  const address = normalEmail(email);
  return isEmail(address, { allow_utf8_local_part: false }) ? (address as string) : undefined;
}
