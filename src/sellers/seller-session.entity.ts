import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Seller } from './seller.entity.js';

/** One signed-in browser. The cookie holds the session id, the row only its hash. */
@Entity('seller_sessions')
@Index('seller_sessions_seller_idx', ['sellerId'])
@Index('seller_sessions_expires_idx', ['expiresAt'])
export class SellerSession {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'seller_sessions_pkey' })
  idHash: Buffer;

  @Column('uuid')
  @ForeignKey(() => Seller, { name: 'seller_sessions_seller_fkey', onDelete: 'CASCADE' })
  sellerId: string;

  @Column('text', { nullable: true })
  userAgent: string | null;

  /** The ID token of a sign-in by the identity provider: signing out there needs it. */
  @Column('text', { nullable: true })
  oidcIdToken: string | null;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz')
  lastSeenAt: Date;

  @Column('timestamptz')
  expiresAt: Date;
}
