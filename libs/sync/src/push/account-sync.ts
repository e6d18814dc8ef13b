import { type Secret, isFlushDue } from '#domain';
import type { SyncContext } from '../context.js';
import { type AccountWork, isLeftToOthers, throwIfStopping, workOnAccount } from './account-work.js';
import type { AddressPusher, CountPushed } from './address-pusher.js';
import type { EventApplier } from '../intake/event-applier.js';

const POLL_MS = 100;
/** An account that never falls quiet gives way to others after this long. */
const SLICE_MS = 30_000;

/** Follows live changes of an account: inbox → mirror → Unisender. */
export class AccountSync {
  constructor(
    private readonly context: SyncContext,
    private readonly events: EventApplier,
    private readonly pusher: AddressPusher,
  ) {}

  /**
   * Applies every waiting event and tells Unisender the difference. Returns when nothing is left, or after half a minute
   * with a new job put. Throws TransientError (also for events that wait for Kommo) and AccountBlockedError.
   *
   * One job at a time comes back to an account, however many its hooks make: another one ends when the account is held (its
   * holder sees to it), paused (the sweep does), or when it fails where an earlier one has failed, which comes again.
   */
  async processEvents(accountId: number, signal: AbortSignal, isRetry: () => Promise<boolean> = async () => true): Promise<void> {
    const { stores } = this.context;
    const wasAbandoned = await stores.leases.isAbandoned(accountId);
    const isDone = await this.followUnlessSeenTo(accountId, signal, async () => wasAbandoned && !(await isRetry()));
    if (!isDone) await this.context.queue.put({ tube: 'contacts', payload: { account_id: accountId } });
  }

  private async followUnlessSeenTo(accountId: number, signal: AbortSignal, hasFailedBefore: () => Promise<boolean>): Promise<boolean> {
    try {
      return await workOnAccount(this.context, accountId, signal, (work) => this.follow(work));
    } catch (error) {
      if (await isLeftToOthers(this.context, accountId, error)) return true;
      if (signal.aborted || !(await hasFailedBefore())) throw error;
      this.context.logger.warn('an account still cannot be followed', { account_id: accountId, error });
      return true;
    }
  }

  private async follow(work: AccountWork): Promise<boolean> {
    const { clock, stores } = this.context;
    const startedAt = clock.nowMs();
    let newestAt = 0;
    while (clock.nowMs() - startedAt < SLICE_MS) {
      const applied = await this.events.applyWaiting(work);
      newestAt = Math.max(newestAt, applied.newestAt);
      if (applied.failure !== undefined) {
        await this.pushAll(work);
        throw applied.failure;
      }
      if (await this.flushIfDue(work, newestAt)) {
        await stores.accounts.update(work.lease.accountId, newestAt > 0 ? { lastEventAt: newestAt } : {});
        return true;
      }
    }
    return false;
  }

  /** Tells when it is due, else waits a moment; true when nothing is left to tell. */
  private async flushIfDue(work: AccountWork, newestAt: number): Promise<boolean> {
    const { clock, stores } = this.context;
    if (!work.unisenderKey) return true;
    const backlog = await stores.addresses.findBacklog(work.lease.accountId);
    if (backlog.rows === 0) return true;
    const now = clock.nowMs();
    const isDue = isFlushDue({
      dirtyRows: backlog.rows,
      oldestDirtyAgeMs: now - (backlog.oldestSince ?? now),
      quietMs: now - newestAt,
    });
    if (isDue) await this.pushOnce(work, work.unisenderKey);
    else await clock.sleep(POLL_MS, work.signal).catch(() => throwIfStopping(work.signal));
    return false;
  }

  private async pushOnce(work: AccountWork, key: Secret): Promise<boolean> {
    const count = await this.findCounter(work.lease.accountId);
    return this.pusher.push(work, key, count);
  }

  /** What a killed worker left unpushed of a run counts in that run, whoever tells it. */
  private async findCounter(accountId: number): Promise<CountPushed | undefined> {
    const { runs } = this.context.stores;
    const run = await runs.findActive(accountId);
    if (run?.state !== 'running' || run.mode === 'preview') return undefined;
    return (counts) => runs.count(run.runId, { ...counts });
  }

  private async pushAll(work: AccountWork): Promise<void> {
    if (!work.unisenderKey) return;
    while (await this.pushOnce(work, work.unisenderKey)) throwIfStopping(work.signal);
  }
}
