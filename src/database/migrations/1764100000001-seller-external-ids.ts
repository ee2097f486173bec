import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Programs know sellers by ids of their own, and read their list page by page. */
export class SellerExternalIds1764100000001 implements MigrationInterface {
  name = 'SellerExternalIds1764100000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE sellers ADD CONSTRAINT sellers_external_id_key UNIQUE (external_id)',
    );
    await queryRunner.query('CREATE INDEX sellers_created_idx ON sellers (created_at, id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX sellers_created_idx');
    await queryRunner.query('ALTER TABLE sellers DROP CONSTRAINT sellers_external_id_key');
  }
}
