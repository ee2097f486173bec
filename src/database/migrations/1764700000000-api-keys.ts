import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Secrets of API keys that were rotated away and still live; the list of keys by age. */
export class ApiKeys1764700000000 implements MigrationInterface {
  name = 'ApiKeys1764700000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE api_keys ADD old_secrets jsonb NOT NULL DEFAULT '[]'`);
    await queryRunner.query(`CREATE INDEX api_keys_created_idx ON api_keys (created_at, id)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX api_keys_created_idx`);
    await queryRunner.query(`ALTER TABLE api_keys DROP old_secrets`);
  }
}
