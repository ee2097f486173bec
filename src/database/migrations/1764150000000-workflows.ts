import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Connect links, and whether Amazon confirmed the region of an authorization. */
export class Workflows1764150000000 implements MigrationInterface {
  name = 'Workflows1764150000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await queryRunner.query(statement);
  }
}

const UP = [
  `ALTER TABLE authorizations ADD region_verified_at timestamptz, ADD region_check_at timestamptz`,
  `CREATE INDEX authorizations_region_check_idx ON authorizations (region_check_at)
    WHERE region_check_at IS NOT NULL`,
  `CREATE TABLE connect_links (
    id uuid NOT NULL,
    token_hash bytea NOT NULL,
    seller_id uuid NOT NULL,
    application_id uuid NOT NULL,
    marketplace_id text NOT NULL,
    partner_type text NOT NULL,
    return_url text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT connect_links_pkey PRIMARY KEY (id),
    CONSTRAINT connect_links_token_key UNIQUE (token_hash),
    CONSTRAINT connect_links_seller_fkey FOREIGN KEY (seller_id) REFERENCES sellers (id) ON DELETE CASCADE,
    CONSTRAINT connect_links_application_fkey
      FOREIGN KEY (application_id) REFERENCES applications (id) ON DELETE CASCADE
  )`,
  `CREATE INDEX connect_links_seller_idx ON connect_links (seller_id)`,
  `CREATE INDEX connect_links_expires_idx ON connect_links (expires_at)`,
  `ALTER TABLE oauth_states ADD connect_link_id uuid,
    ADD CONSTRAINT oauth_states_connect_link_fkey
      FOREIGN KEY (connect_link_id) REFERENCES connect_links (id) ON DELETE CASCADE`,
];

const DOWN = [
  `ALTER TABLE oauth_states DROP connect_link_id`,
  `DROP TABLE connect_links`,
  `ALTER TABLE authorizations DROP region_verified_at, DROP region_check_at`,
];
