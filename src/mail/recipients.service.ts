import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RegrantConfig } from '../config/config.js';
import { type Delivery, type SentTo } from '../events/delivery.entity.js';
import { DeliveryMoot } from '../events/delivery-channel.js';
import { Seller } from '../sellers/seller.entity.js';
import { type Authorization } from '../tokens/authorization.entity.js';

export interface Addressee {
  sentTo: SentTo;
  address: string;
  /** BCP 47, as the seller wants it. */
  locale: string;
}

/** Whose address a mail goes to, at the moment it goes out. */
@Injectable()
export class Recipients {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: RegrantConfig,
  ) {}

  /** @throws DeliveryMoot when there is nobody */
  async of(delivery: Delivery, authorization: Authorization | undefined): Promise<Addressee> {
    if (delivery.recipient === 'operator') return this.operator();
    const sellerId = delivery.sellerId ?? authorization?.sellerId;
    const seller = sellerId && (await this.dataSource.manager.findOneBy(Seller, { id: sellerId }));
    // Who may not sign in could do nothing about it.
    if (seller && seller.status === 'active')
      return { sentTo: 'seller', address: seller.email, locale: seller.locale };
    if (delivery.recipient === 'seller') throw new DeliveryMoot('no such account');
    const contact = authorization?.contactEmail;
    return contact ? { sentTo: 'contact', address: contact, locale: 'en' } : this.operator();
  }

  private operator(): Addressee {
    const address = this.config.operatorEmail;
    if (!address) throw new DeliveryMoot('nobody to send it to: OPERATOR_EMAIL is not set');
    return { sentTo: 'operator', address, locale: 'en' };
  }
}
