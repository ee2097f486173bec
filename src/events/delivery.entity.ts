import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';

/**
 * `bounced`: the other side refused it for good. `abandoned`: it could not be handed over for days. `dropped`: it was
 * moot before it went out.
 */
export type DeliveryStatus = 'pending' | 'sent' | 'bounced' | 'abandoned' | 'dropped';

/**
 * Whom it is for. Who that is, is looked up when it goes out: `owner` is the seller account of the authorization, else
 * its contact address, else the operator.
 */
export type Recipient = 'owner' | 'seller' | 'operator';

/** Whose address it went to in the end. */
export type SentTo = 'seller' | 'contact' | 'operator';

/**
 * One thing to be told to one recipient by one channel. No address, name or token stands here: the channel looks up at
 * the time of sending what it needs, so a row says the same to whoever reads the table as the event log does.
 */
@Entity('deliveries')
@Unique('deliveries_key_key', ['channel', 'key'])
@Index('deliveries_due_idx', ['channel', 'bulk', 'nextAttemptAt'], { where: `status = 'pending'` })
@Index('deliveries_topic_idx', ['topic'], { where: `status = 'pending'` })
@Index('deliveries_failed_idx', ['finishedAt'], { where: `status IN ('bounced', 'abandoned')` })
@Index('deliveries_authorization_idx', ['authorizationId', 'createdAt'])
@Index('deliveries_seller_idx', ['sellerId'])
@Index('deliveries_application_idx', ['applicationId'])
@Check('deliveries_status_check', `status IN ('pending', 'sent', 'bounced', 'abandoned', 'dropped')`)
@Check('deliveries_recipient_check', `recipient IN ('owner', 'seller', 'operator')`)
export class Delivery {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'deliveries_pkey' })
  id: string;

  @Column('text')
  channel: string;

  /** Names the occasion and the recipient: the same one is never queued twice, and always has the same Message-ID. */
  @Column('text')
  key: string;

  /** What it is about; see `Deliveries.drop`. */
  @Column('text', { nullable: true })
  topic: string | null;

  @Column('text')
  template: string;

  @Column('text')
  recipient: Recipient;

  @ForeignKey('Authorization', { name: 'deliveries_authorization_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { nullable: true })
  authorizationId: string | null;

  @ForeignKey('Seller', { name: 'deliveries_seller_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { nullable: true })
  sellerId: string | null;

  @ForeignKey('Application', { name: 'deliveries_application_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { nullable: true })
  applicationId: string | null;

  /** The event that caused it, if one did. */
  @Column('bigint', { nullable: true })
  eventId: string | null;

  /** Never a secret, never a mail address. */
  @Column('jsonb', { default: {} })
  data: Record<string, unknown>;

  @Column('text', { default: 'pending' })
  status: DeliveryStatus;

  @Column('integer', { default: 0 })
  attempts: number;

  /** One of many that nobody waits for: goes out after all others that are due. */
  @Column('boolean', { default: false })
  bulk: boolean;

  /** Of a delivery that is being tried: when its lease ends and another replica may try. */
  @Column('timestamptz')
  nextAttemptAt: Date;

  /** After this it is of no use any more and is dropped. */
  @Column('timestamptz', { nullable: true })
  notAfter: Date | null;

  /** Who is trying it at this moment: names one claim of one replica. */
  @Column('uuid', { nullable: true })
  claim: string | null;

  /** Codes only: servers repeat addresses in their texts. */
  @Column('text', { nullable: true })
  lastError: string | null;

  @Column('text', { nullable: true })
  sentTo: SentTo | null;

  @Column('timestamptz')
  createdAt: Date;

  /** When it stopped being pending; of a sent one, when it was handed over. */
  @Column('timestamptz', { nullable: true })
  finishedAt: Date | null;
}
