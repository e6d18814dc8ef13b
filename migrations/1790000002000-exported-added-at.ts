import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the time of creation that exports show. */
export class ExportedAddedAt1790000002000 implements MigrationInterface {
  readonly name = 'ExportedAddedAt1790000002000';

  async up(runner: QueryRunner): Promise<void> {
    // MySQL undoes no change of a table: a migration that was killed is run again.
    if (await runner.hasColumn('addresses', 'exported_added_at')) return;
    await runner.query('ALTER TABLE addresses ADD COLUMN exported_added_at bigint');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE addresses DROP COLUMN exported_added_at');
  }
}
