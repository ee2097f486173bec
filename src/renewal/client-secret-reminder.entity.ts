import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { ApplicationClientSecret } from '../applications/application-client-secret.entity.js';
import { RenewalRun } from './renewal-run.entity.js';

/** The operator was told how long a client secret still lives: once for each threshold of its date. */
@Entity('client_secret_reminders')
@Index('client_secret_reminders_run_idx', ['runId'])
export class ClientSecretReminder {
  @ForeignKey(() => ApplicationClientSecret, {
    name: 'client_secret_reminders_secret_fkey',
    onDelete: 'CASCADE',
  })
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'client_secret_reminders_pkey' })
  clientSecretId: string;

  /** The day on which it expires, in UTC. */
  @PrimaryColumn('date', { primaryKeyConstraintName: 'client_secret_reminders_pkey' })
  expiresOn: string;

  /** Days before that. */
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'client_secret_reminders_pkey' })
  threshold: number;

  @ForeignKey(() => RenewalRun, { name: 'client_secret_reminders_run_fkey', onDelete: 'RESTRICT' })
  @Column('uuid')
  runId: string;

  @Column('timestamptz')
  createdAt: Date;
}
