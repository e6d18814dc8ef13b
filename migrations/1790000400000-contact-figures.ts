import { Table } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const contactFigures = new Table({
  name: 'contact_figures',
  columns: [
    { name: 'account_id', type: 'bigint', isPrimary: true },
    { name: 'total', type: 'integer' },
    { name: 'in_sync', type: 'integer' },
    { name: 'excluded', type: 'integer' },
    { name: 'failing', type: 'integer' },
    { name: 'counted_at', type: 'bigint' },
  ],
  indices: [{ name: 'ix_contact_figures_counted', columnNames: ['counted_at'] }],
  foreignKeys: [
    {
      name: 'fk_contact_figures_account',
      columnNames: ['account_id'],
      referencedTableName: 'accounts',
      referencedColumnNames: ['account_id'],
      onDelete: 'CASCADE',
      onUpdate: 'NO ACTION',
    },
  ],
});

/** Contacts of an account by outcome, as they were last counted. */
export class ContactFigures1790000400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(contactFigures, true);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('contact_figures', true);
  }
}
