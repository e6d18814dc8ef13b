import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner, TableColumnOptions } from 'typeorm';

type Options = Omit<TableColumnOptions, 'name' | 'type'>;

const alerts = (text: Options): Table =>
  new Table({
    name: 'alerts',
    columns: [
      { name: 'alert_key', type: 'varchar', length: '191', isPrimary: true, ...text },
      { name: 'kind', type: 'varchar', length: '40', ...text },
      { name: 'account_id', type: 'bigint', isNullable: true },
      { name: 'details', type: 'text', ...text },
      { name: 'occurrences', type: 'integer', default: 1 },
      { name: 'raised_at', type: 'bigint' },
      { name: 'next_at', type: 'bigint', isNullable: true },
      { name: 'attempts', type: 'integer', default: 0 },
      { name: 'delivered_at', type: 'bigint', isNullable: true },
    ],
    indices: [
      { name: 'ix_alerts_next', columnNames: ['next_at'] },
      { name: 'ix_alerts_raised', columnNames: ['raised_at'] },
      { name: 'ix_alerts_account', columnNames: ['account_id', 'alert_key'] },
    ],
  });

const textOptionsOf = (runner: QueryRunner): Options =>
  runner.dataSource.options.type === 'better-sqlite3' ? {} : { charset: 'utf8mb4', collation: 'utf8mb4_bin' };

/** What the operator's webhook is to be told. */
export class Alerts1790000200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(alerts(textOptionsOf(runner)), true);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('alerts', true);
  }
}
