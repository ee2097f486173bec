import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { Application } from '../applications/application.entity.js';
import { type Region } from '../config/config.js';
import { type PartnerType } from '../lwa/marketplaces.js';
import { Seller } from '../sellers/seller.entity.js';

export type AuthorizationStatus = 'active' | 'reauthorization_required' | 'disconnected';
export type Workflow = 'website' | 'appstore' | 'self';

/**
 * One grant: an application, a selling partner and a region. Only `AuthorizationsService` changes it (and
 * `Adjustments` what does not touch its state), by methods that are named after what happened.
 */
@Entity('authorizations')
@Unique('authorizations_grant_key', ['applicationId', 'sellingPartnerId', 'region'])
@Index('authorizations_seller_idx', ['sellerId'])
@Index('authorizations_partner_idx', ['sellingPartnerId'])
@Index('authorizations_created_idx', ['createdAt', 'id'])
@Index('authorizations_renewal_idx', ['renewalDueAt', 'id'])
@Index('authorizations_renewal_first_idx', ['renewalDueAt', 'id'], { where: 'renewal_next_at IS NULL' })
@Index('authorizations_renewal_next_idx', ['renewalNextAt', 'id'], { where: 'renewal_next_at IS NOT NULL' })
@Index('authorizations_counts_idx', ['applicationId', 'status', 'renewalDueAt'])
// Over an expression, which decorators cannot say: it stands in the migration (see src/crypto/sealed-columns.ts).
@Index('authorizations_sealed_refresh_token_key_idx', { synchronize: false })
@Index('authorizations_region_check_idx', ['regionCheckAt'], { where: 'region_check_at IS NOT NULL' })
@Index('authorizations_probe_idx', ['probeAt'], { where: 'probe_at IS NOT NULL' })
@Check('authorizations_region_check', `region IN ('NA', 'EU', 'FE')`)
@Check('authorizations_partner_type_check', `partner_type IN ('seller', 'vendor')`)
@Check('authorizations_workflow_check', `workflow IN ('website', 'appstore', 'self')`)
@Check('authorizations_status_check', `status IN ('active', 'reauthorization_required', 'disconnected')`)
@Check('authorizations_token_check', `(status = 'disconnected') = (sealed_refresh_token IS NULL)`)
export class Authorization {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'authorizations_pkey' })
  id: string;

  @ForeignKey(() => Application, { name: 'authorizations_application_fkey', onDelete: 'RESTRICT' })
  @Column('uuid')
  applicationId: string;

  @ForeignKey(() => Seller, { name: 'authorizations_seller_fkey', onDelete: 'SET NULL' })
  @Column('uuid', { nullable: true })
  sellerId: string | null;

  @Column('text', { nullable: true })
  contactEmail: string | null;

  /** Merchant token, or vendor group code. */
  @Column('text')
  sellingPartnerId: string;

  @Column('text')
  region: Region;

  /** When Amazon confirmed that the seller sells in this region; null: not yet, or a vendor. */
  @Column('timestamptz', { nullable: true })
  regionVerifiedAt: Date | null;

  /** When to ask Amazon again; null: there is nothing to ask. */
  @Column('timestamptz', { nullable: true })
  regionCheckAt: Date | null;

  @Column('text')
  partnerType: PartnerType;

  @Column('text', { array: true })
  marketplaceIds: string[];

  @Column('text')
  workflow: Workflow;

  @Column('text', { default: 'active' })
  status: AuthorizationStatus;

  @Column('text', { nullable: true })
  statusReason: string | null;

  /** Opened by `AuthorizationsService.refreshToken` only; null once disconnected. */
  @Column('text', { nullable: true })
  sealedRefreshToken: string | null;

  @Column('timestamptz')
  authorizedAt: Date;

  @Column('timestamptz', { nullable: true })
  renewalDueAt: Date | null;

  /**
   * When a renewal run looks at it again. Null: once the first reminder of its due date is near, which the run tells
   * from the date alone; so a new date only has to empty this.
   */
  @Column('timestamptz', { nullable: true })
  renewalNextAt: Date | null;

  @Column('timestamptz', { nullable: true })
  lastReminderAt: Date | null;

  @Column('timestamptz', { nullable: true })
  lastVendedAt: Date | null;

  /** When Amazon last said whether the grant is alive. */
  @Column('timestamptz', { nullable: true })
  lastCheckedAt: Date | null;

  /** When to look whether Amazon has to be asked for that, because nobody else has; null: there is nothing to ask. */
  @Column('timestamptz', { nullable: true })
  probeAt: Date | null;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz')
  updatedAt: Date;
}
