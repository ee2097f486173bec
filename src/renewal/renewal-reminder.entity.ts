import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Authorization } from '../tokens/authorization.entity.js';
import { RenewalRun } from './renewal-run.entity.js';

/** A reminder was queued: never again for this due date, whichever runs overlap. */
@Entity('renewal_reminders')
@Index('renewal_reminders_run_idx', ['runId'])
export class RenewalReminder {
  @ForeignKey(() => Authorization, { name: 'renewal_reminders_authorization_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'renewal_reminders_pkey' })
  authorizationId: string;

  /** The day of the due date, in UTC. */
  @PrimaryColumn('date', { primaryKeyConstraintName: 'renewal_reminders_pkey' })
  dueOn: string;

  /** Days before (negative: after) the due date. */
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'renewal_reminders_pkey' })
  threshold: number;

  @ForeignKey(() => RenewalRun, { name: 'renewal_reminders_run_fkey', onDelete: 'RESTRICT' })
  @Column('uuid')
  runId: string;

  @Column('timestamptz')
  createdAt: Date;
}
