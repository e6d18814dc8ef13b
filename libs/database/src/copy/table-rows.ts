import type { Database } from '../database.js';
import { placeholders } from '../entity-sql.js';
import type { SqlValue } from '../session.js';
import type { TableShape } from './table-shape.js';

/** The values of one row, in the order of the table's columns. */
export type RowValues = readonly SqlValue[];

/** Which rows to read. */
export interface RowRange {
  /** Behind the row with this primary key. */
  readonly after?: readonly SqlValue[] | undefined;
  readonly limit?: number | undefined;
}

const ROWS_AT_ONCE = 500;
/** One statement must fit into `max_allowed_packet` of the server, 16 MB by default; a character has up to four bytes. */
const CHARACTERS_AT_ONCE = 1_000_000;

const quoted = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

/** `(a, b) > (?, ?)`. MySQL reads the whole index for that form, so it gets `(a > ? OR (a = ? AND (b > ?)))`. */
function behind({ kind }: Database, key: readonly string[]): { readonly sql: string; readonly repeats: readonly number[] } {
  if (kind === 'sqlite') return { sql: `(${quoted(key)}) > (${placeholders(key.length)})`, repeats: key.map((_, index) => index) };
  const conditions = key.map((_, place) => {
    const equal = key.slice(0, place).map((name) => `\`${name}\` = ?`);
    return `(${[...equal, `\`${key[place] ?? ''}\` > ?`].join(' AND ')})`;
  });
  return { sql: `(${conditions.join(' OR ')})`, repeats: key.flatMap((_, place) => key.slice(0, place + 1).map((__, index) => index)) };
}

/** What to read of each row. */
export interface RowSelection extends TableShape {
  /** An expression whose value follows those of the columns. */
  readonly computed?: { readonly name: string; readonly sql: string };
}

/** Reads a table in the order of its primary key, some hundred rows at a time. The columns must contain the key. */
// SQL by hand: the tables are known by their names only, and the copy must see what the columns contain.
export async function* readRows(
  database: Database,
  { name, columns, key, computed }: RowSelection,
  range: RowRange = {},
): AsyncGenerator<RowValues[]> {
  const condition = behind(database, key);
  const select = `SELECT ${quoted(columns)}${computed ? `, ${computed.sql} AS ${computed.name}` : ''} FROM \`${name}\``;
  const names = computed ? [...columns, computed.name] : columns;
  const places = key.map((each) => columns.indexOf(each));
  let { after: position, limit: left = Number.POSITIVE_INFINITY } = range;
  while (left > 0) {
    const wanted = Math.min(ROWS_AT_ONCE, left);
    const start = position;
    const where = start ? `WHERE ${condition.sql}` : '';
    const params = start ? condition.repeats.map((index) => start[index] ?? null) : [];
    const sql = `${select} ${where} ORDER BY ${quoted(key)} LIMIT ?`;
    const records = await database.query<Record<string, SqlValue>>(sql, [...params, wanted]);
    const rows = records.map((record) => names.map((each) => record[each] ?? null));
    if (rows.length > 0) yield rows;
    if (rows.length < wanted) return;
    const last = rows.at(-1);
    position = places.map((place) => last?.[place] ?? null);
    left -= rows.length;
  }
}

/** Returns the primary key of the row at this place in the order of the key, from 1; undefined for 0. */
export async function findKeyAt(database: Database, { name, key }: TableShape, place: number): Promise<SqlValue[] | undefined> {
  if (place === 0) return undefined;
  const sql = `SELECT ${quoted(key)} FROM \`${name}\` ORDER BY ${quoted(key)} LIMIT 1 OFFSET ?`;
  const [row] = await database.query<Record<string, SqlValue>>(sql, [place - 1]);
  return row && key.map((each) => row[each] ?? null);
}

const charactersOf = (row: RowValues): number =>
  row.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0);

function* bySize(rows: readonly RowValues[]): Generator<RowValues[]> {
  let part: RowValues[] = [];
  let characters = 0;
  for (const row of rows) {
    characters += charactersOf(row);
    if (part.length > 0 && characters > CHARACTERS_AT_ONCE) {
      yield part;
      part = [];
      characters = charactersOf(row);
    }
    part.push(row);
  }
  if (part.length > 0) yield part;
}

/** Inserts up to some hundred rows. Each statement inserts all of its rows or none, in the given order. */
export async function insertRows(database: Database, { name, columns }: TableShape, rows: readonly RowValues[]): Promise<void> {
  const row = `(${placeholders(columns.length)})`;
  for (const part of bySize(rows)) {
    const values = new Array<string>(part.length).fill(row).join(',');
    await database.execute(`INSERT INTO \`${name}\` (${quoted(columns)}) VALUES ${values}`, part.flat());
  }
}
