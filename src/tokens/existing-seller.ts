import { type EntityManager } from 'typeorm';
import { InvalidRequest } from '../common/errors.js';
import { Seller } from '../sellers/seller.entity.js';

/**
 * Makes sure that an authorization can be given to this account, and keeps the account until the end of the
 * transaction. Called before any authorization is locked: an account that is deleted locks in the same order.
 * @throws InvalidRequest
 */
export async function requireSeller(manager: EntityManager, sellerId: string): Promise<void> {
  const seller = await manager.findOne(Seller, {
    select: { id: true },
    where: { id: sellerId },
    lock: { mode: 'for_key_share' },
  });
  if (seller) return;
  throw new InvalidRequest('Some fields are not valid.', [
    { path: 'sellerId', message: 'names no seller account' },
  ]);
}
