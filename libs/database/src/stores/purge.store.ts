import { Injectable } from '@nestjs/common';
import { Database } from '../database.js';

/** Tables with an account's rows, each with the column that orders them. Tables that may be large come first. */
const tables = [
  ['events', 'event_id'],
  ['contact_addresses', 'email'],
  ['addresses', 'email'],
  ['contacts', 'contact_id'],
  ['runs', 'run_id'],
  ['failures', 'failure_id'],
  ['alerts', 'alert_key'],
] as const;

const IS_DISCONNECTED = "account_id = ? AND status = 'disconnected'";
const STILL_DISCONNECTED = `EXISTS (SELECT 1 FROM accounts WHERE accounts.${IS_DISCONNECTED})`;

/** Deletes the rows of disconnected accounts, a few at a time. Every statement checks that the account is still disconnected. */
// SQL by hand: one statement serves every table, and checks the account's status in the same statement.
@Injectable()
export class PurgeStore {
  constructor(private readonly database: Database) {}

  /** Deletes the account's key, list and access. False when the account is not disconnected (any more). */
  async begin(accountId: number): Promise<boolean> {
    const begun = await this.database.execute(
      `UPDATE accounts SET unisender_key = NULL, unisender_block = NULL, list_id = NULL, list_title = NULL, baseline_state = 'none'
        WHERE ${IS_DISCONNECTED}`,
      [accountId],
    );
    if (begun === 0) return false;
    await this.database.execute(`DELETE FROM accesses WHERE account_id = ? AND ${STILL_DISCONNECTED}`, [accountId, accountId]);
    return true;
  }

  /** Deletes up to about `limit` rows. False when no row is left or the account is not disconnected any more. */
  async deleteSome(accountId: number, limit: number): Promise<boolean> {
    for (const [table, column] of tables) {
      const last = await this.findNth(table, column, accountId, limit);
      if (last === undefined) continue;
      const deleted = await this.database.execute(
        `DELETE FROM ${table} WHERE account_id = ? AND ${column} <= ? AND ${STILL_DISCONNECTED}`,
        [accountId, last, accountId],
      );
      return deleted > 0;
    }
    return false;
  }

  /** Deletes the account itself. Without effect when it is not disconnected any more. */
  async end(accountId: number): Promise<void> {
    await this.database.execute(`DELETE FROM accounts WHERE ${IS_DISCONNECTED}`, [accountId]);
  }

  /** The ordering value of the account's row number `limit`, or of its last row. */
  private async findNth(table: string, column: string, accountId: number, limit: number): Promise<string | number | undefined> {
    const [row] = await this.database.query<{ last: string | number | null }>(
      `SELECT max(${column}) AS last FROM (SELECT ${column} FROM ${table} WHERE account_id = ? ORDER BY ${column} LIMIT ?) AS first_rows`,
      [accountId, limit],
    );
    return row?.last ?? undefined;
  }
}
