import { Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { Seller } from '../seller.entity.js';

/** Whom the identity provider means: its subject never changes hands, a mail address may (OpenID Connect 5.7). */
@Entity('seller_identities')
@Unique('seller_identities_seller_key', ['sellerId', 'issuer'])
export class SellerIdentity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'seller_identities_pkey' })
  issuer: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'seller_identities_pkey' })
  subject: string;

  @ForeignKey(() => Seller, { name: 'seller_identities_seller_fkey', onDelete: 'CASCADE' })
  @Column('uuid')
  sellerId: string;

  @Column('timestamptz')
  createdAt: Date;
}
