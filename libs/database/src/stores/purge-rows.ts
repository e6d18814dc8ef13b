import type { Database } from '../database.js';
import { type EntityClass, type Field, columnOf, executeIn, selectRows } from '../entity-sql.js';
import type { SqlValue } from '../session.js';

/** Which rows to delete. */
export interface Purge<Entity extends object> {
  readonly entity: EntityClass<Entity>;
  /** The primary key. */
  readonly key: Field<Entity>;
  /** The time that is compared, in epoch milliseconds. */
  readonly time: Field<Entity>;
  readonly beforeMs: number;
  readonly limit: number;
}

/** Deletes up to `limit` rows that are older than `beforeMs`. Returns how many. */
export async function purgeRows<Entity extends object>(
  database: Database,
  { entity, key, time, beforeMs, limit }: Purge<Entity>,
): Promise<number> {
  const { tableName } = database.metadataOf(entity);
  // SQL by hand: a set of any size is deleted in chunks, and DELETE knows no LIMIT on SQLite.
  const tail = `WHERE ${columnOf(database, entity, time)} < ? LIMIT ?`;
  const rows = await selectRows(database, { entity, fields: [key], tail, params: [beforeMs, limit] });
  const keys = rows.map((row) => row[key] as SqlValue);
  await executeIn(database, `DELETE FROM ${tableName} WHERE ${columnOf(database, entity, key)} IN (?)`, [], keys);
  return keys.length;
}
