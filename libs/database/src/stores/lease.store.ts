import { type Clock, TransientError } from '#domain';
import type { Database } from '../database.js';
import { assertInTransaction, forUpdate } from '../sql.js';

/** The owner of an ended lease whose job was buried. */
const BURIED = 'buried';

/** Who works on which account: one worker at a time over all processes, each under a fence of its own. */
export class LeaseStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the account for one worker until `untilMs`. Gives the fence that every write of that worker must show, or undefined
   * while another one holds the account. A fence is given once: whoever comes later gets a higher one.
   */
  async acquire(accountId: number, owner: string, untilMs: number): Promise<number | undefined> {
    const [lease] = await this.database.query<{ lease_fence: number }>(
      'SELECT lease_fence FROM accounts WHERE account_id = ? AND (lease_owner IS NULL OR lease_until <= ?)',
      [accountId, this.clock.nowMs()],
    );
    if (!lease) return undefined;
    const fence = lease.lease_fence + 1;
    const taken = await this.database.execute(
      'UPDATE accounts SET lease_owner = ?, lease_until = ?, lease_fence = ? WHERE account_id = ? AND lease_fence = ?',
      [owner, untilMs, fence, accountId, lease.lease_fence],
    );
    return taken === 1 ? fence : undefined;
  }

  /** False once another worker took the account. */
  async renew(accountId: number, fence: number, untilMs: number): Promise<boolean> {
    const renewed = await this.database.execute(
      'UPDATE accounts SET lease_until = ? WHERE account_id = ? AND lease_fence = ? AND lease_owner IS NOT NULL',
      [untilMs, accountId, fence],
    );
    return renewed === 1;
  }

  /** Asks the holder to wake a worker when it lets go. False when nobody holds the account (any more). */
  async want(accountId: number): Promise<boolean> {
    const asked = await this.database.execute(
      'UPDATE accounts SET lease_wanted = 1 WHERE account_id = ? AND lease_owner IS NOT NULL AND lease_until > ?',
      [accountId, this.clock.nowMs()],
    );
    return asked === 1;
  }

  /** Lets the account go; without effect when the lease was lost. True when somebody asked for it meanwhile. */
  async release(accountId: number, fence: number): Promise<boolean> {
    const free = 'UPDATE accounts SET lease_owner = NULL, lease_until = 0, lease_wanted = 0 WHERE account_id = ? AND lease_fence = ?';
    const wasQuiet = await this.database.execute(`${free} AND lease_wanted = 0`, [accountId, fence]);
    return wasQuiet === 0 && (await this.database.execute(free, [accountId, fence])) === 1;
  }

  /** Takes the account from whoever works on it: that one's next write is refused with `lease_lost`, and it starts afresh. */
  async revoke(accountId: number): Promise<void> {
    await this.database.execute(
      'UPDATE accounts SET lease_fence = lease_fence + 1, lease_owner = NULL, lease_until = 0 WHERE account_id = ?',
      [accountId],
    );
  }

  /** Accounts that can be worked on and whose holder left work unfinished: their lease ended before `beforeMs` without being released. */
  async listAbandoned(beforeMs: number, limit: number): Promise<number[]> {
    const rows = await this.database.query<{ account_id: number }>(
      `SELECT account_id FROM accounts WHERE lease_owner IS NOT NULL AND lease_until < ? AND status = 'active' AND paused_until <= ?
        ORDER BY account_id LIMIT ?`,
      [beforeMs, this.clock.nowMs(), limit],
    );
    return rows.map(({ account_id }) => account_id);
  }

  /** Whether the account's last holder left work unfinished that its own job retries. */
  async isRetried(accountId: number): Promise<boolean> {
    const sql = 'SELECT account_id FROM accounts WHERE account_id = ? AND lease_owner <> ? AND lease_until <= ?';
    return (await this.database.query(sql, [accountId, BURIED, this.clock.nowMs()])).length > 0;
  }

  /** Records that no job retries the account's unfinished work, because its job was buried. No effect while the account is held. */
  async markBuried(accountId: number): Promise<void> {
    await this.database.execute(
      'UPDATE accounts SET lease_owner = ? WHERE account_id = ? AND lease_owner IS NOT NULL AND lease_until <= ?',
      [BURIED, accountId, this.clock.nowMs()],
    );
  }

  /**
   * Throws TransientError `lease_lost` unless the fence is the account's newest and not released. Nobody can take the account
   * over until the transaction ends.
   */
  async assertFence(accountId: number, fence: number): Promise<void> {
    assertInTransaction(this.database);
    const [row] = await this.database.query<{ lease_fence: number; lease_owner: string | null }>(
      `SELECT lease_fence, lease_owner FROM accounts WHERE account_id = ?${forUpdate(this.database)}`,
      [accountId],
    );
    if (row?.lease_fence !== fence || row.lease_owner === null) {
      throw new TransientError(`another worker took account ${accountId} over`, { code: 'lease_lost' });
    }
  }
}
