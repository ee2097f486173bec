import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Whether programs still use the secret that an API key had before its rotation. */
export class OldSecretUses1764700000001 implements MigrationInterface {
  name = 'OldSecretUses1764700000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE api_keys ADD old_secret_used_at timestamptz`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE api_keys DROP old_secret_used_at`);
  }
}
