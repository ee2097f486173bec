import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { Authorization } from '../tokens/authorization.entity.js';
import { RenewalRun } from './renewal-run.entity.js';

/** It was told as an event that an authorization is due, or overdue: once for each due date. */
@Entity('renewal_flags')
@Index('renewal_flags_run_idx', ['runId'])
@Check('renewal_flags_status_check', `status IN ('due', 'overdue')`)
export class RenewalFlag {
  @ForeignKey(() => Authorization, { name: 'renewal_flags_authorization_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'renewal_flags_pkey' })
  authorizationId: string;

  /** The day of the due date, in UTC. */
  @PrimaryColumn('date', { primaryKeyConstraintName: 'renewal_flags_pkey' })
  dueOn: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'renewal_flags_pkey' })
  status: 'due' | 'overdue';

  @ForeignKey(() => RenewalRun, { name: 'renewal_flags_run_fkey', onDelete: 'RESTRICT' })
  @Column('uuid')
  runId: string;

  @Column('timestamptz')
  createdAt: Date;
}
