import { BugError, chunksOf } from '#domain';
import type { Database } from './database.js';
import type { SqlValue } from './session.js';

/** What a column takes when the row is already there: the incoming value, or the standing one unless that is null. */
export type OnConflict = 'incoming' | 'first';

/** Rows to insert, and what becomes of those that are there. */
export interface Upsert {
  readonly table: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** Column → rule, or a whole SQL expression over the standing row. Columns not named stay as they are. */
  readonly update: Readonly<Record<string, OnConflict | { readonly sql: string }>>;
  readonly rows: readonly (readonly SqlValue[])[];
}

/** The rule by which these columns take the incoming value. */
export const incoming = (...columns: string[]): Record<string, OnConflict> =>
  Object.fromEntries(columns.map((column) => [column, 'incoming']));

/** SQLite binds at most 32,766 values to one statement. */
const MAX_BOUND_VALUES = 30_000;

/** `?,?,…` for so many values; at least one. */
export const placeholders = (count: number): string => new Array<string>(count).fill('?').join(',');

function updateClause({ kind }: Database, { table, update }: Upsert): string {
  const incoming = (column: string) => (kind === 'mysql' ? `VALUES(${column})` : `excluded.${column}`);
  const value = (column: string, rule: OnConflict | { readonly sql: string }) => {
    if (typeof rule === 'object') return rule.sql;
    return rule === 'incoming' ? incoming(column) : `COALESCE(${table}.${column}, ${incoming(column)})`;
  };
  return Object.entries(update)
    .map(([column, rule]) => `${column} = ${value(column, rule)}`)
    .join(', ');
}

function conflictClause(database: Database, upsert: Upsert): string {
  const updates = updateClause(database, upsert);
  if (database.kind === 'mysql') return `ON DUPLICATE KEY UPDATE ${updates === '' ? `${upsert.key[0]} = ${upsert.key[0]}` : updates}`;
  return `ON CONFLICT (${upsert.key.join(',')}) DO ${updates === '' ? 'NOTHING' : `UPDATE SET ${updates}`}`;
}

/** Inserts rows, or updates those that are there. Chunked by itself; several chunks are atomic only inside a transaction. */
export async function upsertRows(database: Database, upsert: Upsert): Promise<void> {
  const { table, columns, rows } = upsert;
  const rowSql = `(${placeholders(columns.length)})`;
  const clause = conflictClause(database, upsert);
  for (const chunk of chunksOf(rows, Math.floor(MAX_BOUND_VALUES / columns.length))) {
    const values = new Array<string>(chunk.length).fill(rowSql).join(',');
    await database.execute(`INSERT INTO ${table} (${columns.join(',')}) VALUES ${values} ${clause}`, chunk.flat());
  }
}

/** Values per statement where a list of any length is looked for. */
const IN_CHUNK = 500;

const withList = (sql: string, count: number) => sql.replace('IN (?)', `IN (${placeholders(count)})`);

/** The rows of a SELECT whose last condition is `IN (?)`, for any number of values. */
export async function queryIn<R extends object>(
  database: Database,
  sql: string,
  params: readonly SqlValue[],
  values: readonly SqlValue[],
): Promise<R[]> {
  const rows: R[] = [];
  for (const chunk of chunksOf(values, IN_CHUNK)) {
    rows.push(...(await database.query<R>(withList(sql, chunk.length), [...params, ...chunk])));
  }
  return rows;
}

/** Runs an UPDATE or DELETE whose last condition is `IN (?)`, for any number of values. */
export async function executeIn(database: Database, sql: string, params: readonly SqlValue[], values: readonly SqlValue[]): Promise<void> {
  for (const chunk of chunksOf(values, IN_CHUNK)) await database.execute(withList(sql, chunk.length), [...params, ...chunk]);
}

/** Throws BugError when there is no ambient transaction: a lock would end with its own statement. */
export const assertInTransaction = (database: Database): void => {
  if (!database.isInTransaction) {
    throw new BugError('a row lock needs a transaction', { code: 'database_transaction_missing' });
  }
};

/** Ends a SELECT that must hold its rows until the transaction ends; SQLite's write transactions hold the whole file anyway. */
export const forUpdate = ({ kind }: Database): '' | ' FOR UPDATE' => (kind === 'mysql' ? ' FOR UPDATE' : '');
