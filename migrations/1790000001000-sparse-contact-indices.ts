import type { MigrationInterface, QueryRunner } from 'typeorm';

interface IndexOf {
  readonly name: string;
  readonly columns: string;
  readonly condition: string;
}

const indices: readonly IndexOf[] = [
  { name: 'ix_contacts_missing', columns: 'account_id, missing_run_id', condition: 'missing_run_id IS NOT NULL' },
  { name: 'ix_contacts_deleted', columns: 'account_id, is_deleted, updated_at', condition: 'is_deleted = 1' },
];

const createSql = ({ name, columns }: IndexOf) => `CREATE INDEX ${name} ON contacts (${columns})`;

/** Leaves contacts that exist and are not missing out of two indices. Only on SQLite: MySQL has no such indices. */
export class SparseContactIndices1790000001000 implements MigrationInterface {
  readonly name = 'SparseContactIndices1790000001000';

  async up(runner: QueryRunner): Promise<void> {
    await replaceIndices(runner, (index) => `${createSql(index)} WHERE ${index.condition}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replaceIndices(runner, createSql);
  }
}

async function replaceIndices(runner: QueryRunner, toSql: (index: IndexOf) => string): Promise<void> {
  if (runner.dataSource.options.type !== 'better-sqlite3') return;
  for (const index of indices) {
    await runner.query(`DROP INDEX ${index.name}`);
    await runner.query(toSql(index));
  }
}
