import { type Secret, isFlushDue } from '#domain';
import type { SyncContext } from '../context.js';
import { type AccountWork, throwIfStopping, throwUnlessContinued, workOnAccount } from './account-work.js';
import type { AddressPusher, CountPushed } from './address-pusher.js';
import type { EventApplier } from '../intake/event-applier.js';

const POLL_MS = 100;
/** After this long, an account with a steady flow of events leaves its worker to other accounts. */
const SLICE_MS = 30_000;

/** Follows live changes of an account: inbox → mirror → Unisender. */
export class AccountSync {
  constructor(
    private readonly context: SyncContext,
    private readonly events: EventApplier,
    private readonly pusher: AddressPusher,
  ) {}

  /**
   * Applies every waiting event and pushes the difference to Unisender. Returns when nothing is left, or after half a minute
   * with another job enqueued. Returns early when another job continues the work (`findContinuation`). `isRetry` tells whether a
   * worker reserved this job before.
   *
   * Throws TransientError, also for events that wait for Kommo, AccountBlockedError, and permanent errors.
   */
  async processEvents(accountId: number, signal: AbortSignal, isRetry: () => Promise<boolean> = async () => true): Promise<void> {
    const isRetriedByAnother = await this.context.stores.leases.isRetried(accountId);
    const isDone = await this.followOrEnd(accountId, signal, async () => isRetriedByAnother && !(await isRetry()));
    if (!isDone) await this.context.queue.put({ tube: 'contacts', payload: { account_id: accountId } });
  }

  private async followOrEnd(accountId: number, signal: AbortSignal, hasEarlierJob: () => Promise<boolean>): Promise<boolean> {
    try {
      return await workOnAccount(this.context, accountId, signal, (work) => this.follow(work));
    } catch (error) {
      await throwUnlessContinued(this.context, accountId, error, async () => !signal.aborted && (await hasEarlierJob()));
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

  /** Pushes to Unisender when a flush is due, else sleeps for a moment. Returns whether nothing was left to push. */
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

  /** Rows that a run left unpushed when its worker was killed are counted in that run. */
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
