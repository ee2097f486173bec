import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

/** An account on our website. `email` is stored in lower case and never logged. */
@Entity('sellers')
@Unique('sellers_email_key', ['email'])
@Unique('sellers_external_id_key', ['externalId'])
@Index('sellers_created_idx', ['createdAt', 'id'])
@Check('sellers_status_check', `status IN ('active', 'disabled')`)
export class Seller {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'sellers_pkey' })
  id: string;

  @Column('text')
  email: string;

  @Column('timestamptz', { nullable: true })
  emailVerifiedAt: Date | null;

  /** Argon2id in PHC form; null as long as none is set: the account was made by a program, or signs in elsewhere. */
  @Column('text', { nullable: true })
  passwordHash: string | null;

  @Column('text', { default: 'en' })
  locale: string;

  /** What the company's own programs call this seller. */
  @Column('text', { nullable: true })
  externalId: string | null;

  @Column('text', { default: 'active' })
  status: 'active' | 'disabled';

  @Column('integer', { default: 0 })
  failedSignIns: number;

  @Column('timestamptz', { nullable: true })
  lockedUntil: Date | null;

  @Column('timestamptz')
  createdAt: Date;

  @Column('timestamptz')
  updatedAt: Date;
}
