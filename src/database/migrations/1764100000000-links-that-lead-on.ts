import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** A mailed link remembers where its seller was going. */
export class LinksThatLeadOn1764100000000 implements MigrationInterface {
  name = 'LinksThatLeadOn1764100000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE seller_links ADD next text');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE seller_links DROP next');
  }
}
