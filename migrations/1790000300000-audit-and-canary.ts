import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner, TableColumnOptions } from 'typeorm';

/** SQLite compares bytes anyway and refuses the collation. */
const textOptions = (runner: QueryRunner): Partial<TableColumnOptions> =>
  runner.dataSource.options.type === 'better-sqlite3' ? {} : { charset: 'utf8mb4', collation: 'utf8mb4_bin' };

function audit(text: Partial<TableColumnOptions>): Table {
  return new Table({
    name: 'audit',
    columns: [
      { name: 'audit_id', type: 'varchar', length: '32', isPrimary: true, ...text },
      { name: 'at', type: 'bigint' },
      { name: 'actor', type: 'varchar', length: '64', ...text },
      { name: 'action', type: 'varchar', length: '64', ...text },
      { name: 'account_id', type: 'bigint', isNullable: true },
      { name: 'outcome', type: 'varchar', length: '64', ...text },
      { name: 'details', type: 'text', ...text },
    ],
    indices: [
      { name: 'ix_audit_account', columnNames: ['account_id', 'audit_id'] },
      { name: 'ix_audit_at', columnNames: ['at'] },
    ],
  });
}

function keyCanaries(text: Partial<TableColumnOptions>): Table {
  return new Table({
    name: 'key_canaries',
    columns: [
      { name: 'name', type: 'varchar', length: '16', isPrimary: true, ...text },
      { name: 'sealed', type: 'text', ...text },
    ],
  });
}

/** What operators did, and a sealed word that tells at start whether the encryption key is the right one. */
export class AuditAndCanary1790000300000 implements MigrationInterface {
  readonly name = 'AuditAndCanary1790000300000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of [audit, keyCanaries]) await runner.createTable(table(textOptions(runner)), true);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['key_canaries', 'audit']) await runner.dropTable(name, true);
  }
}
