import type { Clock } from '#domain';
import type { Database } from '../database.js';
import { upsertRows } from '../sql.js';

/** A token pair as Kommo gave it, sealed. */
export interface SealedPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** An account's pair as it is kept. Times in epoch milliseconds. */
export interface AccessRow extends SealedPair {
  readonly accountId: number;
  /** When the access token expires. */
  readonly expiresAt: number;
  readonly refreshedAt: number;
  /** Grows with every stored pair. */
  readonly version: number;
  /** Who refreshes it now, until `refreshUntil`. */
  readonly refreshOwner: string | null;
  readonly refreshUntil: number;
}

interface StoredAccess {
  readonly account_id: number;
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_at: number;
  readonly refreshed_at: number;
  readonly version: number;
  readonly refresh_owner: string | null;
  readonly refresh_until: number;
}

const toAccessRow = (row: StoredAccess): AccessRow => ({
  accountId: row.account_id,
  accessToken: row.access_token,
  refreshToken: row.refresh_token,
  expiresAt: row.expires_at,
  refreshedAt: row.refreshed_at,
  version: row.version,
  refreshOwner: row.refresh_owner,
  refreshUntil: row.refresh_until,
});

const COLUMNS = 'account_id, access_token, refresh_token, expires_at, refreshed_at, version, refresh_owner, refresh_until';

/** The accounts' token pairs, and who may refresh one. */
export class AccessStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The account's pair, or undefined when it was never authorised. */
  async find(accountId: number): Promise<AccessRow | undefined> {
    const [row] = await this.database.query<StoredAccess>(`SELECT ${COLUMNS} FROM accesses WHERE account_id = ?`, [accountId]);
    return row && toAccessRow(row);
  }

  /** Stores the pair of a new authorisation over any other; a refresh under way is outrun by its version. */
  async save(accountId: number, pair: SealedPair, expiresAt: number): Promise<void> {
    await upsertRows(this.database, {
      table: 'accesses',
      columns: ['account_id', 'access_token', 'refresh_token', 'expires_at', 'refreshed_at'],
      key: ['account_id'],
      update: {
        access_token: 'incoming',
        refresh_token: 'incoming',
        expires_at: 'incoming',
        refreshed_at: 'incoming',
        version: { sql: 'accesses.version + 1' },
        refresh_owner: { sql: 'NULL' },
        refresh_until: { sql: '0' },
      },
      rows: [[accountId, pair.accessToken, pair.refreshToken, expiresAt, this.clock.nowMs()]],
    });
  }

  /** Lets one owner over all processes refresh the pair until `untilMs`. False while another one does. */
  async tryLockRefresh(accountId: number, owner: string, untilMs: number): Promise<boolean> {
    const taken = await this.database.execute(
      `UPDATE accesses SET refresh_owner = ?, refresh_until = ?
        WHERE account_id = ? AND (refresh_owner IS NULL OR refresh_until <= ?)`,
      [owner, untilMs, accountId, this.clock.nowMs()],
    );
    return taken === 1;
  }

  /**
   * Stores the successor of the pair with `expectedVersion` and ends the owner's lock. False when another pair was stored
   * meanwhile. An owner whose lock ran out may still store: Kommo may have voided the old refresh token with his call.
   */
  async storeRefreshed(accountId: number, owner: string, expectedVersion: number, pair: SealedPair, expiresAt: number): Promise<boolean> {
    const stored = await this.database.execute(
      `UPDATE accesses SET access_token = ?, refresh_token = ?, expires_at = ?, refreshed_at = ?, version = version + 1,
              refresh_until = CASE WHEN refresh_owner = ? THEN 0 ELSE refresh_until END,
              refresh_owner = CASE WHEN refresh_owner = ? THEN NULL ELSE refresh_owner END
        WHERE account_id = ? AND version = ?`,
      [pair.accessToken, pair.refreshToken, expiresAt, this.clock.nowMs(), owner, owner, accountId, expectedVersion],
    );
    return stored === 1;
  }

  /** Without effect when another one holds the lock. */
  async unlockRefresh(accountId: number, owner: string): Promise<void> {
    await this.database.execute('UPDATE accesses SET refresh_owner = NULL, refresh_until = 0 WHERE account_id = ? AND refresh_owner = ?', [
      accountId,
      owner,
    ]);
  }

  /** Ids of active and suspended accounts above `afterAccountId` whose access token expires before `beforeMs`, in order. */
  async listExpiringBefore(beforeMs: number, afterAccountId: number, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ account_id: number }>(
      `SELECT accesses.account_id FROM accesses JOIN accounts ON accounts.account_id = accesses.account_id
        WHERE accesses.expires_at < ? AND accesses.account_id > ? AND accounts.status IN ('active', 'suspended')
        ORDER BY accesses.account_id LIMIT ?`,
      [beforeMs, afterAccountId, limit],
    );
    return rows.map((row) => row.account_id);
  }

  /** Forgets the pair of an account that was disconnected. */
  async remove(accountId: number): Promise<void> {
    await this.database.execute('DELETE FROM accesses WHERE account_id = ?', [accountId]);
  }
}
