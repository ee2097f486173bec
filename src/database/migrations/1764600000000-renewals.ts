import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Renewal runs, what they reminded of and flagged, and when they look at an authorization again. */
export class Renewals1764600000000 implements MigrationInterface {
  name = 'Renewals1764600000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `ALTER TABLE authorizations ADD renewal_next_at timestamptz`,
  `DROP INDEX authorizations_renewal_idx`,
  `CREATE INDEX authorizations_renewal_idx ON authorizations (renewal_due_at, id)`,
  `CREATE INDEX authorizations_renewal_first_idx ON authorizations (renewal_due_at, id)
    WHERE renewal_next_at IS NULL`,
  `CREATE INDEX authorizations_renewal_next_idx ON authorizations (renewal_next_at, id)
    WHERE renewal_next_at IS NOT NULL`,
  `CREATE TABLE renewal_runs (
    id uuid NOT NULL,
    trigger text NOT NULL,
    status text NOT NULL DEFAULT 'running',
    tick timestamptz,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    examined integer NOT NULL DEFAULT 0,
    flagged_due integer NOT NULL DEFAULT 0,
    flagged_overdue integer NOT NULL DEFAULT 0,
    reminders_queued integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    reminder_days text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    owner uuid,
    lease_expires_at timestamptz,
    CONSTRAINT renewal_runs_pkey PRIMARY KEY (id),
    CONSTRAINT renewal_runs_tick_key UNIQUE (tick),
    CONSTRAINT renewal_runs_status_check CHECK (status IN ('running', 'succeeded', 'failed')),
    CONSTRAINT renewal_runs_trigger_check CHECK (trigger IN ('schedule', 'api', 'startup'))
  )`,
  `CREATE UNIQUE INDEX renewal_runs_running_key ON renewal_runs (status) WHERE status = 'running'`,
  `CREATE INDEX renewal_runs_started_idx ON renewal_runs (started_at, id)`,
  `CREATE TABLE renewal_reminders (
    authorization_id uuid NOT NULL,
    due_on date NOT NULL,
    threshold integer NOT NULL,
    run_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT renewal_reminders_pkey PRIMARY KEY (authorization_id, due_on, threshold),
    CONSTRAINT renewal_reminders_authorization_fkey
      FOREIGN KEY (authorization_id) REFERENCES authorizations (id) ON DELETE CASCADE,
    CONSTRAINT renewal_reminders_run_fkey FOREIGN KEY (run_id) REFERENCES renewal_runs (id) ON DELETE RESTRICT
  )`,
  `CREATE INDEX renewal_reminders_run_idx ON renewal_reminders (run_id)`,
  `CREATE TABLE renewal_flags (
    authorization_id uuid NOT NULL,
    due_on date NOT NULL,
    status text NOT NULL,
    run_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT renewal_flags_pkey PRIMARY KEY (authorization_id, due_on, status),
    CONSTRAINT renewal_flags_authorization_fkey
      FOREIGN KEY (authorization_id) REFERENCES authorizations (id) ON DELETE CASCADE,
    CONSTRAINT renewal_flags_run_fkey FOREIGN KEY (run_id) REFERENCES renewal_runs (id) ON DELETE RESTRICT,
    CONSTRAINT renewal_flags_status_check CHECK (status IN ('due', 'overdue'))
  )`,
  `CREATE INDEX renewal_flags_run_idx ON renewal_flags (run_id)`,
  `CREATE TABLE client_secret_reminders (
    client_secret_id uuid NOT NULL,
    expires_on date NOT NULL,
    threshold integer NOT NULL,
    run_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT client_secret_reminders_pkey PRIMARY KEY (client_secret_id, expires_on, threshold),
    CONSTRAINT client_secret_reminders_secret_fkey
      FOREIGN KEY (client_secret_id) REFERENCES application_client_secrets (id) ON DELETE CASCADE,
    CONSTRAINT client_secret_reminders_run_fkey
      FOREIGN KEY (run_id) REFERENCES renewal_runs (id) ON DELETE RESTRICT
  )`,
  `CREATE INDEX client_secret_reminders_run_idx ON client_secret_reminders (run_id)`,
];

const DOWN = [
  `DROP TABLE client_secret_reminders`,
  `DROP TABLE renewal_flags`,
  `DROP TABLE renewal_reminders`,
  `DROP TABLE renewal_runs`,
  `DROP INDEX authorizations_renewal_idx`,
  `ALTER TABLE authorizations DROP renewal_next_at`,
  `CREATE INDEX authorizations_renewal_idx ON authorizations (renewal_due_at)`,
];
