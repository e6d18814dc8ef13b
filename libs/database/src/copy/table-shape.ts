import type { Database } from '../database.js';

/** The columns of a table, as the database has them. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly string[];
  /** The columns of the primary key, in its order. */
  readonly key: readonly string[];
}

interface ColumnRow {
  readonly tableName: string;
  readonly columnName: string;
  /** The place of the column in the primary key, from 1; 0 for other columns. */
  readonly keyPlace: number;
}

/** Tables that contain no data of the service. */
const OTHER_TABLES = ['migrations', 'sqlite_sequence', 'backup_manifest', 'backup_secrets'];

function toShapes(rows: readonly ColumnRow[]): TableShape[] {
  const names = [...new Set(rows.map(({ tableName }) => tableName))].filter((name) => !OTHER_TABLES.includes(name));
  return names.map((name) => {
    const columns = rows.filter(({ tableName }) => tableName === name);
    const keys = columns.filter(({ keyPlace }) => keyPlace > 0).toSorted((one, other) => one.keyPlace - other.keyPlace);
    return { name, columns: columns.map(({ columnName }) => columnName), key: keys.map(({ columnName }) => columnName) };
  });
}

/** Puts each table behind the tables that it refers to. */
function inOrderOfReferences(shapes: readonly TableShape[], references: readonly { readonly child: string; readonly parent: string }[]) {
  const ordered: TableShape[] = [];
  const isPlaced = (table: string) => ordered.some(({ name }) => name === table);
  let left = [...shapes];
  while (left.length > 0) {
    const free = left.filter(({ name }) => references.every(({ child, parent }) => child !== name || parent === name || isPlaced(parent)));
    const next = free.length > 0 ? free : left;
    ordered.push(...next);
    left = left.filter((shape) => !next.includes(shape));
  }
  return ordered;
}

/** Reads the tables of an SQLite database, each behind the tables that it refers to. */
// SQL by hand: also a database of an older version is read, which the entities do not describe.
export async function readTableShapes(database: Database): Promise<TableShape[]> {
  const rows = await database.query<ColumnRow>(
    `SELECT t.name AS tableName, c.name AS columnName, c.pk AS keyPlace FROM sqlite_master t JOIN pragma_table_info(t.name) c
      WHERE t.type = 'table' ORDER BY t.rowid, c.cid`,
  );
  const references = await database.query<{ child: string; parent: string }>(
    `SELECT t.name AS child, r."table" AS parent FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) r WHERE t.type = 'table'`,
  );
  return inOrderOfReferences(toShapes(rows), references);
}
