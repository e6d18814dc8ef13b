import { Injectable } from '@nestjs/common';
import { TransientError } from '#domain';
import { Database } from '../database.js';
import { AccountEntity } from '../entities/account.entity.js';
import { assertInTransaction, forUpdate, selectRows } from '../entity-sql.js';

/** The owner of an ended lease whose job was buried. */
const BURIED = 'buried';

/**
 * Leases of accounts: one worker at a time over all processes, each with a fencing token of its own. A lease that expired
 * without a release is abandoned: its holder left work unfinished. Times go by the database's clock, which all processes share.
 */
// SQL by hand: every job takes, renews and releases a lease, and every write checks one; each statement compares and sets.
@Injectable()
export class LeaseStore {
  constructor(private readonly database: Database) {}

  /**
   * Takes the account for one worker and `forMs` milliseconds. Returns the fence for that worker's writes, or undefined while another
   * worker holds the account. Every later holder gets a higher fence.
   */
  async acquire(accountId: number, owner: string, forMs: number): Promise<number | undefined> {
    const [lease] = await selectRows(this.database, {
      entity: AccountEntity,
      fields: ['leaseFence'],
      tail: `WHERE account_id = ? AND (lease_owner IS NULL OR lease_until <= ${this.database.nowSql})`,
      params: [accountId],
    });
    if (!lease) return undefined;
    const fence = lease.leaseFence + 1;
    const taken = await this.database.execute(
      `UPDATE accounts SET lease_owner = ?, lease_until = ${this.database.nowSql} + ?, lease_fence = ? WHERE account_id = ? AND lease_fence = ?`,
      [owner, forMs, fence, accountId, lease.leaseFence],
    );
    return taken === 1 ? fence : undefined;
  }

  /** Makes the lease end in `forMs` milliseconds. False once another worker has taken the account. */
  async renew(accountId: number, fence: number, forMs: number): Promise<boolean> {
    const renewed = await this.database.execute(
      `UPDATE accounts SET lease_until = ${this.database.nowSql} + ? WHERE account_id = ? AND lease_fence = ? AND lease_owner IS NOT NULL`,
      [forMs, accountId, fence],
    );
    return renewed === 1;
  }

  /** Asks the holder to enqueue a job when it releases the lease. False when no worker holds the account. */
  async requestJobOnRelease(accountId: number): Promise<boolean> {
    const asked = await this.database.execute(
      `UPDATE accounts SET lease_job_requested = 1 WHERE account_id = ? AND lease_owner IS NOT NULL AND lease_until > ${this.database.nowSql}`,
      [accountId],
    );
    return asked === 1;
  }

  /** Releases the lease; without effect when it was lost. True when another worker requested a job. */
  async release(accountId: number, fence: number): Promise<boolean> {
    const free =
      'UPDATE accounts SET lease_owner = NULL, lease_until = 0, lease_job_requested = 0 WHERE account_id = ? AND lease_fence = ?';
    const wasQuiet = await this.database.execute(`${free} AND lease_job_requested = 0`, [accountId, fence]);
    return wasQuiet === 0 && (await this.database.execute(free, [accountId, fence])) === 1;
  }

  /** Ends the lease of the present holder. Its next write is refused with `lease_lost`, and its job starts again. */
  async revoke(accountId: number): Promise<void> {
    await this.database.execute(
      'UPDATE accounts SET lease_fence = lease_fence + 1, lease_owner = NULL, lease_until = 0 WHERE account_id = ?',
      [accountId],
    );
  }

  /** Lists active accounts, not paused now, whose lease has been abandoned for `forMs` milliseconds. */
  async listAbandoned(forMs: number, limit: number): Promise<number[]> {
    const rows = await selectRows(this.database, {
      entity: AccountEntity,
      fields: ['accountId'],
      tail: `WHERE lease_until > 0 AND lease_until < ${this.database.nowSql} - ? AND lease_owner IS NOT NULL AND status = 'active'
               AND paused_until <= ${this.database.nowSql} ORDER BY lease_until LIMIT ?`,
      params: [forMs, limit],
    });
    return rows.map(({ accountId }) => accountId);
  }

  /** Whether the account's lease was abandoned and its own job retries the unfinished work. */
  async isRetried(accountId: number): Promise<boolean> {
    const tail = `WHERE account_id = ? AND lease_owner <> ? AND lease_until <= ${this.database.nowSql}`;
    const params = [accountId, BURIED];
    return (await selectRows(this.database, { entity: AccountEntity, fields: ['accountId'], tail, params })).length > 0;
  }

  /** Records that no job retries the account's unfinished work, because its job was buried. No effect while the account is held. */
  async markBuried(accountId: number): Promise<void> {
    await this.database.execute(
      `UPDATE accounts SET lease_owner = ? WHERE account_id = ? AND lease_owner IS NOT NULL AND lease_until <= ${this.database.nowSql}`,
      [BURIED, accountId],
    );
  }

  /**
   * Throws TransientError `lease_lost` unless the fence is the account's newest and not released. Locks the account's row until
   * the transaction ends, so that no worker can take the account before. Throws BugError outside a transaction.
   */
  async assertFence(accountId: number, fence: number): Promise<void> {
    assertInTransaction(this.database);
    const [row] = await selectRows(this.database, {
      entity: AccountEntity,
      fields: ['leaseFence', 'leaseOwner'],
      tail: `WHERE account_id = ?${forUpdate(this.database)}`,
      params: [accountId],
    });
    if (row?.leaseFence !== fence || row.leaseOwner === null) {
      throw new TransientError(`another worker has taken account ${accountId}`, { code: 'lease_lost' });
    }
  }
}
