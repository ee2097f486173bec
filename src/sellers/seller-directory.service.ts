import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/clock.js';
import { Conflict, NotFound } from '../common/errors.js';
import { type PageOf, readPage } from '../common/paging.js';
import { EventLog } from '../events/event-log.js';
import { AccountMails } from './account-mails.service.js';
import { duplicateField } from './duplicates.js';
import { Seller } from './seller.entity.js';
import { SellerSession } from './seller-session.entity.js';

/** What an operator decides about an account. */
export type SellerFields = Pick<Seller, 'email' | 'externalId' | 'locale' | 'status'>;

/** The accounts as operators see them. Addresses come in normalised: trimmed, in lower case. */
@Injectable()
export class SellerDirectory {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly events: EventLog,
    private readonly mails: AccountMails,
  ) {}

  /** @throws NotFound */
  async byId(id: string): Promise<Seller> {
    const seller = await this.dataSource.manager.findOneBy(Seller, { id });
    if (!seller) throw noSuchSeller();
    return seller;
  }

  /** Accounts page by page, oldest first. */
  async page(
    filter: Partial<Pick<Seller, 'email' | 'externalId' | 'status'>>,
    limit: number,
    cursor?: string,
  ): Promise<PageOf<Seller>> {
    const query = this.dataSource.manager.createQueryBuilder(Seller, 's');
    for (const [column, value] of Object.entries(filter))
      if (value !== undefined) query.andWhere(`s.${column} = :${column}`, { [column]: value });
    return readPage(query, limit, cursor);
  }

  /**
   * An account without a password: its owner sets one by "Forgot your password?".
   * @throws Conflict naming the field that another account has already
   */
  async create(fields: SellerFields, actor: string): Promise<Seller> {
    const id = randomUUID();
    const now = this.clock.now();
    return this.changing(async (manager) => {
      await manager.insert(Seller, { ...fields, id, createdAt: now, updatedAt: now });
      await this.events.append(manager, { type: 'seller.created', actor, sellerId: id });
      return manager.findOneByOrFail(Seller, { id });
    });
  }

  /**
   * A disabled account is signed out everywhere and cannot sign in. A new address has to be verified again, by a mail to
   * it.
   * @throws NotFound, Conflict naming the field that another account has already
   */
  async change(id: string, wanted: Partial<SellerFields>, actor: string): Promise<Seller> {
    return this.changing(async (manager) => {
      const row = await this.lock(manager, id);
      const names = (Object.keys(wanted) as (keyof SellerFields)[]).filter(
        (name) => wanted[name] !== undefined && wanted[name] !== row[name],
      );
      if (!names.length) return row;
      const change = Object.fromEntries(names.map((name) => [name, wanted[name]]));
      await manager.update(Seller, { id }, { ...change, updatedAt: this.clock.now() });
      if (names.includes('email')) {
        await manager.update(Seller, { id }, { emailVerifiedAt: null });
        await this.mails.withdraw(manager, id, 'verify_email', 'reset_password');
        await this.mails.verifyEmail(manager, id);
      }
      if (wanted.status === 'disabled') await manager.delete(SellerSession, { sellerId: id });
      await this.events.append(manager, {
        type: 'seller.changed',
        actor,
        sellerId: id,
        // Names only: the values say who somebody is.
        data: { changed: names, ...(names.includes('status') && { status: wanted.status }) },
      });
      return manager.findOneByOrFail(Seller, { id });
    });
  }

  /** Holds the account until the transaction ends. @throws NotFound */
  async lock(manager: EntityManager, id: string): Promise<Seller> {
    const row = await manager.findOne(Seller, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!row) throw noSuchSeller();
    return row;
  }

  /**
   * Removes the account with all that says who it was: sessions, links and identities go with the row. What the account
   * owned elsewhere must be ended before, in the same transaction.
   */
  async erase(manager: EntityManager, id: string, actor: string): Promise<void> {
    await manager.delete(Seller, { id });
    await this.events.append(manager, { type: 'seller.deleted', actor, sellerId: id });
  }

  private async changing(work: (manager: EntityManager) => Promise<Seller>): Promise<Seller> {
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      const path = duplicateField(error);
      if (!path) throw error;
      const errors = [{ path, message: 'belongs to another seller' }];
      throw new Conflict('There is another seller like this.', { errors, cause: error });
    }
  }
}

function noSuchSeller(): NotFound {
  return new NotFound('There is no such seller.');
}
