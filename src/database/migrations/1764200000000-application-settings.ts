import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Whether an application is listed in the Appstore, and where its connect links may lead back to. */
export class ApplicationSettings1764200000000 implements MigrationInterface {
  name = 'ApplicationSettings1764200000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER TABLE applications
         ADD COLUMN listed boolean NOT NULL DEFAULT false,
         ADD COLUMN return_origins text[] NOT NULL DEFAULT '{}'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE applications DROP COLUMN return_origins, DROP COLUMN listed');
  }
}
