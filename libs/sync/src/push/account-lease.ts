import { randomUUID } from 'node:crypto';
import { TransientError } from '#domain';
import type { SyncContext } from '../context.js';

/** A worker that was killed keeps others from its account for so long: short, yet many beats. */
const LEASE_MS = 20_000;
const BEAT_MS = 4_000;
const BUSY_RETRY_MS = 2_000;

/**
 * The right to work on one account: one holder at a time over all processes. Every write checks the fence, so a holder
 * that slept through its lease cannot write over its successor's work.
 */
export class AccountLease {
  private isLost = false;

  private constructor(
    private readonly context: SyncContext,
    readonly accountId: number,
    private readonly fence: number,
  ) {}

  /**
   * Runs `work` while holding the account. Throws TransientError `account_busy` when another holds it.
   * A lease whose work failed is left to expire at once, which tells the sweep that something is unfinished.
   */
  static async hold<Result>(context: SyncContext, accountId: number, work: (lease: AccountLease) => Promise<Result>): Promise<Result> {
    const now = context.clock.nowMs();
    const fence = await context.stores.leases.acquire(accountId, randomUUID(), now + LEASE_MS);
    if (fence === undefined) {
      throw new TransientError(`account ${accountId} is being worked on`, { code: 'account_busy', retryAfterMs: BUSY_RETRY_MS });
    }
    const lease = new AccountLease(context, accountId, fence);
    const stopBeating = lease.startBeating();
    try {
      const result = await work(lease).finally(stopBeating);
      await lease.release();
      return result;
    } catch (error) {
      await lease.abandon();
      throw error;
    }
  }

  /** Call between steps. Throws TransientError `lease_lost` once another worker took the account. */
  assertHeld(): void {
    if (this.isLost) throw new TransientError(`the lease of account ${this.accountId} was lost`, { code: 'lease_lost' });
  }

  /** A transaction that commits only while the lease is held. */
  async write<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.context.database.transaction(async () => {
      await this.context.stores.leases.assertFence(this.accountId, this.fence);
      return work();
    });
  }

  /** Whoever came meanwhile and went away is woken. */
  private async release(): Promise<void> {
    const { queue, stores } = this.context;
    const isWanted = await stores.leases.release(this.accountId, this.fence);
    if (!isWanted) return;
    const payload = { account_id: this.accountId };
    const [owed] = await stores.consents.listWriteBacks(this.accountId, 1);
    if (owed) await queue.put({ tube: 'write-backs', payload });
    // Both jobs at once would only be in each other's way.
    await queue.put({ tube: 'contacts', payload }, owed ? { delaySeconds: 1 } : {});
  }

  private async abandon(): Promise<void> {
    try {
      await this.context.stores.leases.renew(this.accountId, this.fence, this.context.clock.nowMs());
    } catch (error) {
      this.context.logger.warn('a lease was left to expire by itself', { account_id: this.accountId, error });
    }
  }

  /** Extends the lease for as long as the work goes on, single vendor calls included. Returns how to end that. */
  private startBeating(): () => Promise<void> {
    const ended = new AbortController();
    const beating = this.beat(ended.signal);
    return () => {
      ended.abort();
      return beating;
    };
  }

  /** A database that is away is asked again. */
  private async beat(ended: AbortSignal): Promise<void> {
    const { clock, stores } = this.context;
    for (;;) {
      await clock.sleep(BEAT_MS, ended).catch(() => {});
      if (ended.aborted) return;
      const isHeld = await stores.leases.renew(this.accountId, this.fence, clock.nowMs() + LEASE_MS).catch(() => true);
      if (!isHeld) this.isLost = true;
    }
  }
}
