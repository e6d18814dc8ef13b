import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Remembers on which list only we put an address: it leaves that one when the account's list becomes another. */
export class OwnLists1790000100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE addresses ADD COLUMN own_list_id bigint NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE addresses DROP COLUMN own_list_id');
  }
}
