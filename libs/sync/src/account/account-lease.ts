import { randomUUID } from 'node:crypto';
import type { Tx } from '#database';
import { TransientError } from '#domain';
import type { SyncContext } from '../context.js';

/** Longer than the longest single vendor call (30 s) with room to spare. */
const LEASE_MS = 90_000;
const RENEW_AFTER_MS = 20_000;
const BUSY_RETRY_MS = 2_000;

/**
 * The right to work on one account: one holder at a time over all processes. Every write checks the fence, so a holder
 * that slept through its lease cannot write over its successor's work.
 */
export class AccountLease {
  private renewedAt: number;

  private constructor(
    private readonly context: SyncContext,
    readonly accountId: number,
    private readonly fence: number,
  ) {
    this.renewedAt = context.clock.nowMs();
  }

  /**
   * Runs `work` while holding the account. Throws TransientError `account_busy` when another holds it.
   * A lease whose work failed is left to expire at once, which tells the sweep that something is unfinished.
   */
  static async hold<Result>(context: SyncContext, accountId: number, work: (lease: AccountLease) => Promise<Result>): Promise<Result> {
    const now = context.clock.nowMs();
    const fence = await context.stores.accounts.acquireLease(accountId, randomUUID(), now + LEASE_MS, now);
    if (fence === undefined) {
      throw new TransientError(`account ${accountId} is being worked on`, { code: 'account_busy', retryAfterMs: BUSY_RETRY_MS });
    }
    const lease = new AccountLease(context, accountId, fence);
    try {
      const result = await work(lease);
      await lease.release();
      return result;
    } catch (error) {
      await lease.abandon();
      throw error;
    }
  }

  /** Extends the lease when it is time. Call between steps. Throws TransientError `lease_lost`. */
  async keep(): Promise<void> {
    const now = this.context.clock.nowMs();
    if (now - this.renewedAt < RENEW_AFTER_MS) return;
    const renewed = await this.context.stores.accounts.renewLease(this.accountId, this.fence, now + LEASE_MS);
    if (!renewed) throw new TransientError(`the lease of account ${this.accountId} was lost`, { code: 'lease_lost' });
    this.renewedAt = now;
  }

  /** A transaction that commits only while the lease is held. */
  async write<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.context.database.transaction(async (tx) => {
      await this.context.stores.accounts.assertFence(tx, this.accountId, this.fence);
      return work(tx);
    });
  }

  /** Whoever came meanwhile and went away is woken. */
  private async release(): Promise<void> {
    const { queue, stores } = this.context;
    const isWanted = await stores.accounts.releaseLease(this.accountId, this.fence);
    if (isWanted) await queue.put({ tube: 'contacts', payload: { account_id: this.accountId } });
  }

  private async abandon(): Promise<void> {
    try {
      await this.context.stores.accounts.renewLease(this.accountId, this.fence, this.context.clock.nowMs());
    } catch (error) {
      this.context.logger.warn('a lease was left to expire by itself', { account_id: this.accountId, error });
    }
  }
}
