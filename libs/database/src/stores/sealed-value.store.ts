import type { Database } from '../database.js';
import { upsertRows } from '../sql.js';

/** Where sealed values stand: one column of one table, by its primary key. */
export interface SealedColumn {
  readonly table: string;
  readonly key: string;
  readonly column: string;
}

/** One of them. */
export interface SealedValue {
  readonly key: string | number;
  readonly sealed: string;
}

/** The word that tells whether a key is the right one. */
export const canaryColumn: SealedColumn = { table: 'key_canaries', key: 'name', column: 'sealed' };

/** Every column that holds sealed values, but for the canary's. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'integrations', key: 'client_id', column: 'client_secret' },
  { table: 'accounts', key: 'account_id', column: 'webhook_token' },
  { table: 'accounts', key: 'account_id', column: 'unisender_key' },
  { table: 'accesses', key: 'account_id', column: 'access_token' },
  { table: 'accesses', key: 'account_id', column: 'refresh_token' },
];

/** Sealed values as such, whatever they mean. */
export class SealedValueStore {
  constructor(private readonly database: Database) {}

  /** Values behind `after`, in the order of their keys, that do not begin with `prefix`. */
  async listWithout(
    { table, key, column }: SealedColumn,
    prefix: string,
    { after, limit }: { readonly after: string | number | undefined; readonly limit: number },
  ): Promise<SealedValue[]> {
    const behind = after === undefined ? '' : `AND ${key} > ?`;
    return this.database.query(
      `SELECT ${key} AS \`key\`, ${column} AS sealed FROM ${table} WHERE ${column} NOT LIKE ? ${behind} ORDER BY ${key} LIMIT ?`,
      [`${prefix}%`, ...(after === undefined ? [] : [after]), limit],
    );
  }

  /** Puts another seal on a value unless it was changed since it was read, which gives false. */
  async replace({ table, key, column }: SealedColumn, value: SealedValue, sealed: string): Promise<boolean> {
    const replaced = await this.database.execute(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ? AND ${column} = ?`, [
      sealed,
      value.key,
      value.sealed,
    ]);
    return replaced === 1;
  }

  /** Keeps the first canary of a name. */
  async addCanary(name: string, sealed: string): Promise<void> {
    await upsertRows(this.database, {
      table: 'key_canaries',
      columns: ['name', 'sealed'],
      key: ['name'],
      update: {},
      rows: [[name, sealed]],
    });
  }
}
