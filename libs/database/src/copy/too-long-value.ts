import type { Database } from '../database.js';
import type { RowValues } from './table-rows.js';
import type { TableShape } from './table-shape.js';

/** What a column of MySQL can contain. */
interface ColumnLimit {
  readonly column: string;
  readonly characters: number;
  readonly bytes: number;
}

// SQL by hand: only MySQL limits its texts, and the tables are known by their names only.
const LIMITS = `SELECT column_name AS \`column\`, character_maximum_length AS characters, character_octet_length AS bytes
  FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? AND character_octet_length IS NOT NULL`;

const isTooLong = (value: unknown, { characters, bytes }: ColumnLimit): boolean =>
  typeof value === 'string' && (Buffer.byteLength(value) > bytes || [...value].length > characters);

/** The row by its key. A text can be an e-mail address, so only numbers are shown. */
function describeRow({ columns, key }: TableShape, row: RowValues): string {
  const describe = (name: string) => {
    const value = row[columns.indexOf(name)];
    return `${name} ${typeof value === 'string' ? '…' : String(value)}`;
  };
  return key.map(describe).join(', ');
}

/**
 * Finds the first value that does not fit into its column in MySQL, and describes it: column, row and lengths, not the value.
 * `before` is the number of rows that the target has before these. Undefined when all values fit.
 */
export async function describeTooLongValue(
  database: Database,
  table: TableShape,
  rows: readonly RowValues[],
  before: number,
): Promise<string | undefined> {
  if (database.kind === 'sqlite') return undefined;
  const limits = await database.query<ColumnLimit>(LIMITS, [table.name]);
  for (const [index, row] of rows.entries()) {
    const limit = limits.find((each) => isTooLong(row[table.columns.indexOf(each.column)], each));
    if (!limit) continue;
    const length = Buffer.byteLength(String(row[table.columns.indexOf(limit.column)]));
    const place = `row ${before + index + 1} in the order of the primary key (${describeRow(table, row)})`;
    return `${table.name}.${limit.column} has ${length} bytes in ${place}; the target takes ${limit.characters} characters, ${limit.bytes} bytes`;
  }
  return undefined;
}
