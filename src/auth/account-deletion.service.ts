import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Forbidden } from '../common/errors.js';
import { SellerDirectory } from '../sellers/seller-directory.service.js';
import { AuthorizationsService } from '../tokens/authorizations.service.js';
import { VendingService } from '../tokens/vending.service.js';

/** The end of a seller account, with the tokens that it gave us. */
@Injectable()
export class AccountDeletion {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sellers: SellerDirectory,
    private readonly authorizations: AuthorizationsService,
    private readonly vending: VendingService,
  ) {}

  /**
   * Destroys the tokens of all authorizations, keeps their rows as disconnected and without an owner, and erases the
   * account: all of it or nothing, in one transaction. The account is locked first, so that a connection which is being
   * stored at this moment is either seen here or finds no account any more.
   * @param applicationIds the applications that the caller is limited to; null: none in particular
   * @throws NotFound, Forbidden when an authorization belongs to another application
   */
  async delete(
    sellerId: string,
    actor: string,
    applicationIds: readonly string[] | null = null,
  ): Promise<void> {
    const ended = await this.dataSource.transaction(async (manager) => {
      await this.sellers.lock(manager, sellerId);
      const rows = await this.authorizations.sellerLeft(manager, sellerId, actor);
      if (applicationIds && rows.some((row) => !applicationIds.includes(row.applicationId)))
        throw new Forbidden('This seller is connected to applications that the API key is not for.');
      await this.sellers.erase(manager, sellerId, actor);
      return rows;
    });
    for (const { id } of ended) this.vending.forget(id);
  }
}
