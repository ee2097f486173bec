import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What is to be told to people and programs, and what became of it. */
export class Deliveries1764500000000 implements MigrationInterface {
  name = 'Deliveries1764500000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE deliveries');
  }
}

const UP = [
  `CREATE TABLE deliveries (
    id uuid NOT NULL,
    channel text NOT NULL,
    key text NOT NULL,
    topic text,
    template text NOT NULL,
    recipient text NOT NULL,
    authorization_id uuid,
    seller_id uuid,
    application_id uuid,
    event_id bigint,
    data jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    not_after timestamptz,
    claim uuid,
    last_error text,
    sent_to text,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT deliveries_key_key UNIQUE (channel, key),
    CONSTRAINT deliveries_authorization_fkey
      FOREIGN KEY (authorization_id) REFERENCES authorizations (id) ON DELETE CASCADE,
    CONSTRAINT deliveries_seller_fkey FOREIGN KEY (seller_id) REFERENCES sellers (id) ON DELETE CASCADE,
    CONSTRAINT deliveries_application_fkey
      FOREIGN KEY (application_id) REFERENCES applications (id) ON DELETE CASCADE,
    CONSTRAINT deliveries_status_check CHECK (status IN ('pending', 'sent', 'bounced', 'abandoned', 'dropped')),
    CONSTRAINT deliveries_recipient_check CHECK (recipient IN ('owner', 'seller', 'operator'))
  )`,
  `CREATE INDEX deliveries_due_idx ON deliveries (channel, next_attempt_at) WHERE status = 'pending'`,
  `CREATE INDEX deliveries_topic_idx ON deliveries (topic) WHERE status = 'pending'`,
  `CREATE INDEX deliveries_failed_idx ON deliveries (finished_at) WHERE status IN ('bounced', 'abandoned')`,
  `CREATE INDEX deliveries_authorization_idx ON deliveries (authorization_id, created_at)`,
  `CREATE INDEX deliveries_seller_idx ON deliveries (seller_id)`,
  `CREATE INDEX deliveries_application_idx ON deliveries (application_id)`,
];
