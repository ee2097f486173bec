import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { DataKeyRow } from './data-key.entity.js';

export type RotationStatus = 'running' | 'succeeded' | 'failed';

/** One re-sealing of all values. What is left to do is in the sealed columns themselves; this row shows the progress. */
@Entity('encryption_rotations')
@Index('encryption_rotations_running_key', ['status'], { unique: true, where: `status = 'running'` })
@Check('encryption_rotations_status_check', `status IN ('running', 'succeeded', 'failed')`)
export class EncryptionRotation {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'encryption_rotations_pkey' })
  id: string;

  @Column('text', { default: 'running' })
  status: RotationStatus;

  /** The fresh data key that everything goes under; null until it is made. */
  @ForeignKey(() => DataKeyRow, { name: 'encryption_rotations_data_key_fkey', onDelete: 'RESTRICT' })
  @Column('text', { nullable: true })
  dataKeyId: string | null;

  @Column('text')
  startedBy: string;

  @Column('timestamptz')
  startedAt: Date;

  @Column('timestamptz', { nullable: true })
  finishedAt: Date | null;

  @Column('integer', { default: 0 })
  total: number;

  @Column('integer', { default: 0 })
  done: number;

  /** Values that did not open; they are left as they are. */
  @Column('integer', { default: 0 })
  failures: number;

  /** Why it failed. */
  @Column('text', { nullable: true })
  reason: string | null;

  /** The process at work, as long as the lease lasts; another one takes over after that. */
  @Column('uuid', { nullable: true })
  owner: string | null;

  @Column('timestamptz', { nullable: true })
  leaseExpiresAt: Date | null;
}
