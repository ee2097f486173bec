import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Seller } from './seller.entity.js';

export type LinkPurpose = 'verify_email' | 'reset_password';

/** A link that was mailed to a seller and works once. The mail holds the token, the row only its hash. */
@Entity('seller_links')
@Index('seller_links_seller_idx', ['sellerId'])
@Check('seller_links_purpose_check', `purpose IN ('verify_email', 'reset_password')`)
export class SellerLink {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'seller_links_pkey' })
  tokenHash: Buffer;

  @Column('uuid')
  @ForeignKey(() => Seller, { name: 'seller_links_seller_fkey', onDelete: 'CASCADE' })
  sellerId: string;

  @Column('text')
  purpose: LinkPurpose;

  /** The local path that the seller was on the way to. */
  @Column('text', { nullable: true })
  next: string | null;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz')
  expiresAt: Date;

  @Column('timestamptz', { nullable: true })
  usedAt: Date | null;
}
