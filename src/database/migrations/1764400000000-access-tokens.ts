import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Sealed access tokens with the lease of whoever refreshes them. */
export class AccessTokens1764400000000 implements MigrationInterface {
  name = 'AccessTokens1764400000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `CREATE TABLE access_tokens (
    id uuid NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    sealed text,
    expires_at timestamptz,
    lease_owner uuid,
    lease_expires_at timestamptz,
    failing_since timestamptz,
    retry_at timestamptz,
    failure_kind text,
    failure_reason text,
    CONSTRAINT access_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT access_tokens_authorization_fkey
      FOREIGN KEY (id) REFERENCES authorizations (id) ON DELETE CASCADE,
    CONSTRAINT access_tokens_token_check CHECK ((sealed IS NULL) = (expires_at IS NULL)),
    CONSTRAINT access_tokens_lease_check CHECK ((lease_owner IS NULL) = (lease_expires_at IS NULL)),
    CONSTRAINT access_tokens_failure_check CHECK ((retry_at IS NULL) = (failure_kind IS NULL))
  )`,
  `CREATE INDEX access_tokens_sealed_key_idx ON access_tokens (split_part(sealed, '.', 2), id)`,
  // When the breaker of an application last opened, and when one caller may try again.
  `ALTER TABLE applications
    ADD COLUMN credentials_rejected_at timestamptz,
    ADD COLUMN credentials_probe_at timestamptz`,
];

const DOWN = [
  `ALTER TABLE applications DROP COLUMN credentials_probe_at, DROP COLUMN credentials_rejected_at`,
  `DROP TABLE access_tokens`,
];
