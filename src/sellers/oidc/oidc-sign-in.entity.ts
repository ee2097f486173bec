import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Seller } from '../seller.entity.js';

/** A browser that is at the identity provider right now. The row is gone when it comes back. */
@Entity('oidc_sign_ins')
@Index('oidc_sign_ins_expires_idx', ['expiresAt'])
export class OidcSignIn {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'oidc_sign_ins_pkey' })
  stateHash: Buffer;

  @Column('bytea')
  browserHash: Buffer;

  @Column('text')
  nonce: string;

  @Column('text')
  codeVerifier: string;

  /** The local path to go on to. */
  @Column('text', { nullable: true })
  next: string | null;

  /** The account that the identity is to be linked to; null for signing in. */
  @ForeignKey(() => Seller, { name: 'oidc_sign_ins_seller_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { nullable: true })
  linkSellerId: string | null;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz')
  expiresAt: Date;
}
