import { BugError, InvalidInputError, TransientError } from '#domain';
import type { Database } from '../database.js';
import { type TableChecksum, readChecksum } from './table-checksum.js';
import { type RowValues, findKeyAt, insertRows, readRows } from './table-rows.js';
import { type TableShape, readTableShapes } from './table-shape.js';
import { describeTooLongValue } from './too-long-value.js';

/** One table after the copy. */
export interface CopiedTable {
  readonly name: string;
  readonly rows: number;
  /** How many of the rows this run inserted. */
  readonly inserted: number;
  /** Equal in both databases. */
  readonly checksum: string;
}

/** Called after each part of a table. `rows` counts the rows that both databases have. */
export type CopyProgress = (table: string, rows: number) => void;

const notEmpty = (table: string, detail: string) =>
  new InvalidInputError(`The target has other rows in the table ${table} (${detail})`, { code: 'database_not_empty' });

/**
 * Copies every table between two databases of one schema, of which one is SQLite. Rows are copied as they are, so sealed values stay
 * sealed. A run continues a copy that was killed at any point: rows that the target has must be the first rows of the source. Until the
 * copy is complete, no process of the service accepts the target.
 */
export class DatabaseCopy {
  private readonly onProgress: CopyProgress;

  constructor(
    private readonly source: Database,
    private readonly target: Database,
    { onProgress = () => {} }: { readonly onProgress?: CopyProgress } = {},
  ) {
    this.onProgress = onProgress;
  }

  /**
   * Copies what is missing, compares the number and the checksum of the rows of each table, and returns them. Nothing was inserted when
   * the copy was complete before. Throws InvalidInputError `database_not_empty` when the target holds other data,
   * `copy_value_too_long` when it cannot contain a value, and TransientError `schema_old` or InvalidInputError `bad_configuration` when a
   * schema does not fit.
   */
  async run(): Promise<CopiedTable[]> {
    await assertCurrent(this.source);
    const wasBegun = await this.target.hasUnfinishedCopy();
    if (!wasBegun) await this.target.migrate();
    return this.source.snapshot(async () => {
      const tables = await readTableShapes(this.source.kind === 'sqlite' ? this.source : this.target);
      const isComplete = !wasBegun && (await this.hasEveryRow(tables));
      if (!isComplete) await this.target.beginCopy();
      const copied: CopiedTable[] = [];
      for (const table of tables) copied.push(await this.copyTable(table));
      if (!isComplete) await this.target.endCopy();
      return copied;
    });
  }

  /** Returns whether an unmarked target is a complete copy, false when it is empty. Throws when it holds other data. */
  private async hasEveryRow(tables: readonly TableShape[]): Promise<boolean> {
    const counts: { readonly name: string; readonly source: number; readonly target: number }[] = [];
    for (const table of tables) {
      counts.push({ name: table.name, source: await countRows(this.source, table), target: await countRows(this.target, table) });
    }
    const filled = counts.filter(({ target }) => target > 0);
    if (filled.length === 0) return false;
    const different = [...filled, ...counts].find(({ source, target }) => source !== target);
    if (different) throw notEmpty(different.name, `${different.target} rows, the source has ${different.source}`);
    return true;
  }

  private async copyTable(table: TableShape): Promise<CopiedTable> {
    const { name } = table;
    const present = await readChecksum(this.target, table);
    await this.assertBeginning(table, present);
    const after = await findKeyAt(this.source, table, present.rows);
    if (present.rows > 0 && !after) throw notEmpty(name, `${present.rows} rows`);
    let rows = present.rows;
    for await (const part of readRows(this.source, table, { after })) {
      await this.insert(table, part, rows);
      rows += part.length;
      this.onProgress(name, rows);
    }
    const inserted = rows - present.rows;
    const { checksum } = inserted === 0 ? present : await this.compare(table);
    return { name, rows, inserted, checksum };
  }

  /** Throws InvalidInputError `copy_value_too_long`, which names the row, when the target cannot contain one of the values. */
  private async insert(table: TableShape, part: readonly RowValues[], before: number): Promise<void> {
    try {
      await insertRows(this.target, table, part);
    } catch (error) {
      const problem = error instanceof BugError ? await describeTooLongValue(this.target, table, part, before) : undefined;
      throw problem === undefined ? error : new InvalidInputError(`A value is too long: ${problem}`, { code: 'copy_value_too_long' });
    }
  }

  /** Throws InvalidInputError unless the rows of the target are the first rows of the source. */
  private async assertBeginning(table: TableShape, present: TableChecksum): Promise<void> {
    if (present.rows === 0) return;
    const beginning = await readChecksum(this.source, table, present.rows);
    if (!isEqual(beginning, present)) throw notEmpty(table.name, `${present.rows} rows`);
  }

  private async compare(table: TableShape): Promise<TableChecksum> {
    const [source, target] = [await readChecksum(this.source, table), await readChecksum(this.target, table)];
    if (isEqual(source, target)) return target;
    const difference = `${target.rows} rows with checksum ${target.checksum}, expected ${source.rows} with ${source.checksum}`;
    throw new InvalidInputError(`The copy of the table ${table.name} differs from the source: ${difference}`, { code: 'copy_differs' });
  }
}

const isEqual = (one: TableChecksum, other: TableChecksum) => one.rows === other.rows && one.checksum === other.checksum;

async function countRows(database: Database, { name }: TableShape): Promise<number> {
  const [row] = await database.query<{ total: number }>(`SELECT count(*) AS total FROM \`${name}\``);
  return row?.total ?? 0;
}

async function assertCurrent(database: Database): Promise<void> {
  await database.refuseNewerSchema();
  const pending = await database.pendingMigrations();
  if (pending.length > 0) throw new TransientError(`The schema of the database is old: ${pending.join(', ')}`, { code: 'schema_old' });
}
