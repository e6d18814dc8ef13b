import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { KeyCanaryEntity } from '../entities/key-canary.entity.js';
import { upsertRows } from '../entity-sql.js';

/** A column that holds sealed values, with the primary key of its table. */
export interface SealedColumn {
  readonly table: string;
  readonly key: string;
  readonly column: string;
}

/** One sealed value and the primary key of its row. */
export interface SealedValue {
  readonly key: string | number;
  readonly sealed: string;
}

/** The column of the canary, which shows whether a key is the right one. */
export const canaryColumn: SealedColumn = { table: 'key_canaries', key: 'name', column: 'sealed' };

/** Every column that holds sealed values, except the canary's. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'integrations', key: 'client_id', column: 'client_secret' },
  { table: 'webhook_tokens', key: 'token_hash', column: 'token' },
  { table: 'accounts', key: 'account_id', column: 'unisender_key' },
  { table: 'accounts', key: 'account_id', column: 'former_unisender_key' },
  { table: 'sealed_keys', key: 'name', column: 'sealed' },
  { table: 'accesses', key: 'account_id', column: 'access_token' },
  { table: 'accesses', key: 'account_id', column: 'refresh_token' },
];

/** Reads and replaces sealed values of any column, for the check and the rotation of the encryption key. */
// SQL by hand: one statement serves every column, and a value is replaced only if it is unchanged.
@Injectable()
export class SealedValueStore {
  constructor(private readonly database: Database) {}

  /** Lists values that do not begin with `prefix`, in the order of their keys, after the key `after`. */
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

  /** Replaces a value. False when it has changed since it was read. */
  async replace({ table, key, column }: SealedColumn, value: SealedValue, sealed: string): Promise<boolean> {
    const sql = `UPDATE ${table} SET ${column} = ? WHERE ${key} = ? AND ${column} = ?`;
    return (await this.database.execute(sql, [sealed, value.key, value.sealed])) === 1;
  }

  /** Stores a canary. Without effect when one of this name exists. */
  async addCanary(name: string, sealed: string): Promise<void> {
    await upsertRows(this.database, { entity: KeyCanaryEntity, key: ['name'], update: {}, rows: [{ name, sealed }] });
  }
}
