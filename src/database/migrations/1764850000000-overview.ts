import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Authorizations are counted from an index alone: their rows are wide, with a sealed token in each. */
export class Overview1764850000000 implements MigrationInterface {
  name = 'Overview1764850000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'CREATE INDEX authorizations_counts_idx ON authorizations (application_id, status, renewal_due_at)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX authorizations_counts_idx');
  }
}
