import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export type AuthorizationEventType =
  | 'authorization.created'
  | 'authorization.renewed'
  | 'authorization.changed'
  | 'authorization.renewal_due'
  | 'authorization.renewal_overdue'
  | 'authorization.reminder_asked'
  | 'authorization.reauthorization_required'
  | 'authorization.recovered'
  | 'authorization.region_corrected'
  | 'authorization.disconnected';

export type ApplicationEventType =
  | 'application.created'
  | 'application.changed'
  | 'application.secret_added'
  | 'application.credentials_rejected'
  | 'application.credentials_accepted'
  | 'application.secret_expiring'
  | 'application.deleted';

export type EncryptionEventType = 'encryption.rotation_started' | 'encryption.rotation_finished';

export type SellerEventType =
  | 'seller.created'
  | 'seller.changed'
  | 'seller.password_changed'
  | 'seller.identity_linked'
  | 'seller.identity_unlinked'
  | 'seller.deleted';

export type ApiKeyEventType = 'api_key.created' | 'api_key.changed' | 'api_key.rotated' | 'api_key.revoked';

export type DeliveryEventType = 'delivery.bounced' | 'delivery.abandoned';

export type EventType =
  | AuthorizationEventType
  | ApplicationEventType
  | ApiKeyEventType
  | SellerEventType
  | EncryptionEventType
  | DeliveryEventType
  | 'renewal.run_finished';

/** One thing that happened. Rows are only ever added. */
@Entity('events')
@Index('events_authorization_idx', ['authorizationId', 'id'])
export class Event {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'BY DEFAULT',
    primaryKeyConstraintName: 'events_pkey',
  })
  id: string;

  @Column('text')
  type: EventType;

  /** Who did it: `seller:<id>`, `api-key:<clientId>` or `regrant`. */
  @Column('text')
  actor: string;

  @Column('uuid', { nullable: true })
  applicationId: string | null;

  @Column('uuid', { nullable: true })
  authorizationId: string | null;

  @Column('uuid', { nullable: true })
  sellerId: string | null;

  /** Never a secret, never a mail address. */
  @Column('jsonb', { default: {} })
  data: Record<string, unknown>;

  @Column('timestamptz')
  occurredAt: Date;
}
