import { chunksOf } from '#domain';
import type { Executor, SqlValue } from './executor.js';

/** What a column takes when the row is already there: the incoming value, or the standing one unless that is null. */
export type OnConflict = 'incoming' | 'first';

export interface Upsert {
  readonly table: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** Column → rule, or a whole SQL expression over the standing row. Columns not named stay as they are. */
  readonly update: Readonly<Record<string, OnConflict | { readonly sql: string }>>;
  readonly rows: readonly (readonly SqlValue[])[];
}

/** SQLite binds at most 32,766 values to one statement. */
const MAX_BOUND_VALUES = 30_000;

export const placeholders = (count: number): string => new Array<string>(count).fill('?').join(',');

function updateClause({ kind }: Executor, { table, update }: Upsert): string {
  const incoming = (column: string) => (kind === 'mysql' ? `VALUES(${column})` : `excluded.${column}`);
  const value = (column: string, rule: OnConflict | { readonly sql: string }) => {
    if (typeof rule === 'object') return rule.sql;
    return rule === 'incoming' ? incoming(column) : `COALESCE(${table}.${column}, ${incoming(column)})`;
  };
  return Object.entries(update)
    .map(([column, rule]) => `${column} = ${value(column, rule)}`)
    .join(', ');
}

function conflictClause(executor: Executor, upsert: Upsert): string {
  const updates = updateClause(executor, upsert);
  if (executor.kind === 'mysql') return `ON DUPLICATE KEY UPDATE ${updates === '' ? `${upsert.key[0]} = ${upsert.key[0]}` : updates}`;
  return `ON CONFLICT (${upsert.key.join(',')}) DO ${updates === '' ? 'NOTHING' : `UPDATE SET ${updates}`}`;
}

/** Inserts rows, or updates those that are there. Chunked by itself; several chunks are atomic only inside a transaction. */
export async function upsertRows(executor: Executor, upsert: Upsert): Promise<void> {
  const { table, columns, rows } = upsert;
  const rowSql = `(${placeholders(columns.length)})`;
  const clause = conflictClause(executor, upsert);
  for (const chunk of chunksOf(rows, Math.floor(MAX_BOUND_VALUES / columns.length))) {
    const values = new Array<string>(chunk.length).fill(rowSql).join(',');
    await executor.execute(`INSERT INTO ${table} (${columns.join(',')}) VALUES ${values} ${clause}`, chunk.flat());
  }
}
