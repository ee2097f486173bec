import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What a person waits for goes out before thousands of reminders, however long those have been due. */
export class UrgentFirst1764950000000 implements MigrationInterface {
  name = 'UrgentFirst1764950000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE deliveries ADD COLUMN bulk boolean NOT NULL DEFAULT false;
      DROP INDEX deliveries_due_idx;
      CREATE INDEX deliveries_due_idx ON deliveries (channel, bulk, next_attempt_at) WHERE status = 'pending';
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX deliveries_due_idx;
      CREATE INDEX deliveries_due_idx ON deliveries (channel, next_attempt_at) WHERE status = 'pending';
      ALTER TABLE deliveries DROP COLUMN bulk;
    `);
  }
}
