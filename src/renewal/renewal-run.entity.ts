import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';

export type RunTrigger = 'schedule' | 'api' | 'startup';
export type RunStatus = 'running' | 'succeeded' | 'failed';

/** One renewal run: its lease while it goes on, its place in the history afterwards. */
@Entity('renewal_runs')
@Unique('renewal_runs_tick_key', ['tick'])
@Index('renewal_runs_running_key', ['status'], { unique: true, where: `status = 'running'` })
@Index('renewal_runs_started_idx', ['startedAt', 'id'])
@Check('renewal_runs_status_check', `status IN ('running', 'succeeded', 'failed')`)
@Check('renewal_runs_trigger_check', `trigger IN ('schedule', 'api', 'startup')`)
export class RenewalRun {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'renewal_runs_pkey' })
  id: string;

  @Column('text')
  trigger: RunTrigger;

  @Column('text', { default: 'running' })
  status: RunStatus;

  /** The moment of the schedule that it stands for: every replica may start that run, and one does. */
  @Column('timestamptz', { nullable: true })
  tick: Date | null;

  @Column('timestamptz')
  startedAt: Date;

  @Column('timestamptz', { nullable: true })
  finishedAt: Date | null;

  /** Authorizations that were looked at. */
  @Column('integer', { default: 0 })
  examined: number;

  @Column('integer', { default: 0 })
  flaggedDue: number;

  @Column('integer', { default: 0 })
  flaggedOverdue: number;

  @Column('integer', { default: 0 })
  remindersQueued: number;

  /** Authorizations that could not be dealt with; the log names them, and the next run tries again. */
  @Column('integer', { default: 0 })
  failures: number;

  /** RENEWAL_REMINDER_DAYS of this run: with other ones, what was planned for the time after it is void. */
  @Column('text')
  reminderDays: string;

  /** How many processes have worked on it, one after the other. */
  @Column('integer', { default: 0 })
  attempts: number;

  /** The process at work, as long as the lease lasts; another one takes over after that. */
  @Column('uuid', { nullable: true })
  owner: string | null;

  @Column('timestamptz', { nullable: true })
  leaseExpiresAt: Date | null;
}
