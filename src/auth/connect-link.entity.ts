import { Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { Application } from '../applications/application.entity.js';
import { type PartnerType } from '../lwa/marketplaces.js';
import { Seller } from '../sellers/seller.entity.js';

/** An invitation that a program made for one seller: connects one Amazon account, once, without signing in here. */
@Entity('connect_links')
@Unique('connect_links_token_key', ['tokenHash'])
@Index('connect_links_seller_idx', ['sellerId'])
@Index('connect_links_expires_idx', ['expiresAt'])
export class ConnectLink {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'connect_links_pkey' })
  id: string;

  @Column('bytea')
  tokenHash: Buffer;

  @ForeignKey(() => Seller, { name: 'connect_links_seller_fkey', onDelete: 'CASCADE' })
  @Column('uuid')
  sellerId: string;

  @ForeignKey(() => Application, { name: 'connect_links_application_fkey', onDelete: 'CASCADE' })
  @Column('uuid')
  applicationId: string;

  @Column('text')
  marketplaceId: string;

  @Column('text')
  partnerType: PartnerType;

  /** Where the browser goes afterwards; its origin was allowed when the link was made. */
  @Column('text', { nullable: true })
  returnUrl: string | null;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz')
  expiresAt: Date;

  /** Set in the transaction that stores the authorization. */
  @Column('timestamptz', { nullable: true })
  usedAt: Date | null;
}
