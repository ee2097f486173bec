import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Data keys, rotations, and an index on every sealed column by the data key that sealed it. */
export class EnvelopeEncryption1764300000000 implements MigrationInterface {
  name = 'EnvelopeEncryption1764300000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `CREATE TABLE data_keys (
    id text NOT NULL,
    number integer NOT NULL,
    provider text NOT NULL,
    key_id text NOT NULL,
    wrapped bytea NOT NULL,
    seals bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    CONSTRAINT data_keys_pkey PRIMARY KEY (id),
    CONSTRAINT data_keys_number_key UNIQUE (number)
  )`,
  `CREATE TABLE encryption_rotations (
    id uuid NOT NULL,
    status text NOT NULL DEFAULT 'running',
    data_key_id text,
    started_by text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    total integer NOT NULL DEFAULT 0,
    done integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    reason text,
    owner uuid,
    lease_expires_at timestamptz,
    CONSTRAINT encryption_rotations_pkey PRIMARY KEY (id),
    CONSTRAINT encryption_rotations_data_key_fkey
      FOREIGN KEY (data_key_id) REFERENCES data_keys (id) ON DELETE RESTRICT,
    CONSTRAINT encryption_rotations_status_check CHECK (status IN ('running', 'succeeded', 'failed'))
  )`,
  `CREATE UNIQUE INDEX encryption_rotations_running_key ON encryption_rotations (status) WHERE status = 'running'`,
  `CREATE INDEX authorizations_sealed_refresh_token_key_idx
    ON authorizations (split_part(sealed_refresh_token, '.', 2), id)`,
  `CREATE INDEX application_client_secrets_sealed_key_idx
    ON application_client_secrets (split_part(sealed, '.', 2), id)`,
];

const DOWN = [
  `DROP INDEX application_client_secrets_sealed_key_idx`,
  `DROP INDEX authorizations_sealed_refresh_token_key_idx`,
  `DROP TABLE encryption_rotations`,
  `DROP TABLE data_keys`,
];
