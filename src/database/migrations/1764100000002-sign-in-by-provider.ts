import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Sellers sign in by an OpenID Connect provider: whom it knows, and sign-ins that are under way. */
export class SignInByProvider1764100000002 implements MigrationInterface {
  name = 'SignInByProvider1764100000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE seller_sessions DROP oidc_id_token');
    await queryRunner.query('DROP TABLE oidc_sign_ins');
    await queryRunner.query('DROP TABLE seller_identities');
  }
}

const UP = [
  `CREATE TABLE seller_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    seller_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT seller_identities_pkey PRIMARY KEY (issuer, subject),
    CONSTRAINT seller_identities_seller_key UNIQUE (seller_id, issuer),
    CONSTRAINT seller_identities_seller_fkey FOREIGN KEY (seller_id) REFERENCES sellers (id) ON DELETE CASCADE
  )`,
  `CREATE TABLE oidc_sign_ins (
    state_hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    nonce text NOT NULL,
    code_verifier text NOT NULL,
    next text,
    link_seller_id uuid,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT oidc_sign_ins_pkey PRIMARY KEY (state_hash),
    CONSTRAINT oidc_sign_ins_seller_fkey FOREIGN KEY (link_seller_id) REFERENCES sellers (id) ON DELETE CASCADE
  )`,
  `CREATE INDEX oidc_sign_ins_expires_idx ON oidc_sign_ins (expires_at)`,
  `ALTER TABLE seller_sessions ADD oidc_id_token text`,
];
