import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { type LwaFailureKind } from '../lwa/lwa-error.js';
import { Authorization } from './authorization.entity.js';

/**
 * The present access token of an authorization, sealed, and which replica is fetching the next one. Only `AccessTokens`
 * reads and writes it.
 */
@Entity('access_tokens')
// Over an expression, which decorators cannot say: it stands in the migration (see src/crypto/sealed-columns.ts).
@Index('access_tokens_sealed_key_idx', { synchronize: false })
@Check('access_tokens_token_check', `(sealed IS NULL) = (expires_at IS NULL)`)
@Check('access_tokens_lease_check', `(lease_owner IS NULL) = (lease_expires_at IS NULL)`)
@Check('access_tokens_failure_check', `(retry_at IS NULL) = (failure_kind IS NULL)`)
export class AccessToken {
  /** The authorization's id. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'access_tokens_pkey' })
  @ForeignKey(() => Authorization, { name: 'access_tokens_authorization_fkey', onDelete: 'CASCADE' })
  id: string;

  /** Grows with every change of the row, so that nobody acts on what is no longer so. */
  @Column('bigint', { default: 0 })
  version: string;

  @Column('text', { nullable: true })
  sealed: string | null;

  @Column('timestamptz', { nullable: true })
  expiresAt: Date | null;

  /** Who alone may ask Amazon, and until when by the database's clock: the only one that all replicas share. */
  @Column('uuid', { nullable: true })
  leaseOwner: string | null;

  @Column('timestamptz', { nullable: true })
  leaseExpiresAt: Date | null;

  /** Since when Amazon gives no token; null when the last attempt succeeded. */
  @Column('timestamptz', { nullable: true })
  failingSince: Date | null;

  /** Amazon is not asked again before. */
  @Column('timestamptz', { nullable: true })
  retryAt: Date | null;

  @Column('text', { nullable: true })
  failureKind: LwaFailureKind | null;

  @Column('text', { nullable: true })
  failureReason: string | null;
}
