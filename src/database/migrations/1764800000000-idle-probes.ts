import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** When to ask Amazon about an authorization that nobody vends. */
export class IdleProbes1764800000000 implements MigrationInterface {
  name = 'IdleProbes1764800000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const statement of UP) await queryRunner.query(statement);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE authorizations DROP probe_at`);
  }
}

const UP = [
  `ALTER TABLE authorizations ADD probe_at timestamptz`,
  // Those that are there come by within a week, not all at once.
  `UPDATE authorizations SET probe_at = now() + random() * interval '7 days' WHERE status <> 'disconnected'`,
  `CREATE INDEX authorizations_probe_idx ON authorizations (probe_at) WHERE probe_at IS NOT NULL`,
];
