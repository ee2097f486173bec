import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Accounts, applications, API keys, authorizations, the OAuth states and the event log. */
export class Foundation1764000000000 implements MigrationInterface {
  name = 'Foundation1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of TABLES) await queryRunner.query(`DROP TABLE ${table}`);
  }
}

const TABLES = [
  'events',
  'oauth_states',
  'authorizations',
  'api_keys',
  'application_client_secrets',
  'applications',
  'seller_links',
  'seller_sessions',
  'sellers',
];

const UP = [
  `CREATE TABLE sellers (
    id uuid NOT NULL,
    email text NOT NULL,
    email_verified_at timestamptz,
    password_hash text,
    locale text NOT NULL DEFAULT 'en',
    external_id text,
    status text NOT NULL DEFAULT 'active',
    failed_sign_ins integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT sellers_pkey PRIMARY KEY (id),
    CONSTRAINT sellers_email_key UNIQUE (email),
    CONSTRAINT sellers_status_check CHECK (status IN ('active', 'disabled'))
  )`,
  `CREATE TABLE seller_sessions (
    id_hash bytea NOT NULL,
    seller_id uuid NOT NULL,
    user_agent text,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT seller_sessions_pkey PRIMARY KEY (id_hash),
    CONSTRAINT seller_sessions_seller_fkey FOREIGN KEY (seller_id) REFERENCES sellers (id) ON DELETE CASCADE
  )`,
  `CREATE INDEX seller_sessions_seller_idx ON seller_sessions (seller_id)`,
  `CREATE INDEX seller_sessions_expires_idx ON seller_sessions (expires_at)`,
  `CREATE TABLE seller_links (
    token_hash bytea NOT NULL,
    seller_id uuid NOT NULL,
    purpose text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT seller_links_pkey PRIMARY KEY (token_hash),
    CONSTRAINT seller_links_seller_fkey FOREIGN KEY (seller_id) REFERENCES sellers (id) ON DELETE CASCADE,
    CONSTRAINT seller_links_purpose_check CHECK (purpose IN ('verify_email', 'reset_password'))
  )`,
  `CREATE INDEX seller_links_seller_idx ON seller_links (seller_id)`,
  `CREATE TABLE applications (
    id uuid NOT NULL,
    application_id text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    draft boolean NOT NULL DEFAULT false,
    lwa_client_id text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT applications_pkey PRIMARY KEY (id),
    CONSTRAINT applications_application_id_key UNIQUE (application_id),
    CONSTRAINT applications_type_check CHECK (type IN ('public', 'private'))
  )`,
  `CREATE TABLE application_client_secrets (
    id uuid NOT NULL,
    application_id uuid NOT NULL,
    sealed text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    CONSTRAINT application_client_secrets_pkey PRIMARY KEY (id),
    CONSTRAINT application_client_secrets_application_fkey
      FOREIGN KEY (application_id) REFERENCES applications (id) ON DELETE CASCADE
  )`,
  `CREATE INDEX application_client_secrets_newest_idx ON application_client_secrets (application_id, created_at)`,
  `CREATE TABLE api_keys (
    id uuid NOT NULL,
    client_id text NOT NULL,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    application_ids uuid[],
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_client_id_key UNIQUE (client_id)
  )`,
  `CREATE TABLE authorizations (
    id uuid NOT NULL,
    application_id uuid NOT NULL,
    seller_id uuid,
    contact_email text,
    selling_partner_id text NOT NULL,
    region text NOT NULL,
    partner_type text NOT NULL,
    marketplace_ids text[] NOT NULL,
    workflow text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    status_reason text,
    sealed_refresh_token text,
    authorized_at timestamptz NOT NULL,
    renewal_due_at timestamptz,
    last_reminder_at timestamptz,
    last_vended_at timestamptz,
    last_checked_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT authorizations_pkey PRIMARY KEY (id),
    CONSTRAINT authorizations_grant_key UNIQUE (application_id, selling_partner_id, region),
    CONSTRAINT authorizations_application_fkey
      FOREIGN KEY (application_id) REFERENCES applications (id) ON DELETE RESTRICT,
    CONSTRAINT authorizations_seller_fkey FOREIGN KEY (seller_id) REFERENCES sellers (id) ON DELETE SET NULL,
    CONSTRAINT authorizations_region_check CHECK (region IN ('NA', 'EU', 'FE')),
    CONSTRAINT authorizations_partner_type_check CHECK (partner_type IN ('seller', 'vendor')),
    CONSTRAINT authorizations_workflow_check CHECK (workflow IN ('website', 'appstore', 'self')),
    CONSTRAINT authorizations_status_check CHECK (status IN ('active', 'reauthorization_required', 'disconnected')),
    CONSTRAINT authorizations_token_check CHECK ((status = 'disconnected') = (sealed_refresh_token IS NULL))
  )`,
  `CREATE INDEX authorizations_seller_idx ON authorizations (seller_id)`,
  `CREATE INDEX authorizations_partner_idx ON authorizations (selling_partner_id)`,
  `CREATE INDEX authorizations_created_idx ON authorizations (created_at, id)`,
  `CREATE INDEX authorizations_renewal_idx ON authorizations (renewal_due_at)`,
  `CREATE TABLE oauth_states (
    state_hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    seller_id uuid NOT NULL,
    application_id uuid NOT NULL,
    region text NOT NULL,
    marketplace_id text NOT NULL,
    partner_type text NOT NULL,
    workflow text NOT NULL,
    selling_partner_id text,
    redirect_uri text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    finished_at timestamptz,
    authorization_id uuid,
    failure text,
    CONSTRAINT oauth_states_pkey PRIMARY KEY (state_hash),
    CONSTRAINT oauth_states_seller_fkey FOREIGN KEY (seller_id) REFERENCES sellers (id) ON DELETE CASCADE,
    CONSTRAINT oauth_states_application_fkey
      FOREIGN KEY (application_id) REFERENCES applications (id) ON DELETE CASCADE,
    CONSTRAINT oauth_states_authorization_fkey
      FOREIGN KEY (authorization_id) REFERENCES authorizations (id) ON DELETE CASCADE
  )`,
  `CREATE INDEX oauth_states_expires_idx ON oauth_states (expires_at)`,
  `CREATE TABLE events (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL,
    type text NOT NULL,
    actor text NOT NULL,
    application_id uuid,
    authorization_id uuid,
    seller_id uuid,
    data jsonb NOT NULL DEFAULT '{}',
    occurred_at timestamptz NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (id)
  )`,
  `CREATE INDEX events_authorization_idx ON events (authorization_id, id)`,
];
