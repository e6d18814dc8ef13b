import { Injectable } from '@nestjs/common';
import { AccountStore, LeaseStore } from '#database';
import { Clock, JobQueue } from '#domain';
import { EventApplier } from '../intake/event-applier.js';
import { type AccountWork, AccountWorkRunner } from './account-work.js';
import { AddressFlusher } from './address-flusher.js';
import { RemovalGate } from './removal-gate.js';
import { JobContinuation } from './job-continuation.js';

/** After this long, an account with a steady flow of events leaves its worker to other accounts. */
const SLICE_MS = 30_000;
/** Events that are deferred for longer get their job from the sweep. */
const LONGEST_DELAY_MS = 5 * 60_000;

/** Applies the events of one account to the mirror and pushes the difference to Unisender. */
@Injectable()
export class EventFollower {
  constructor(
    private readonly events: EventApplier,
    private readonly flusher: AddressFlusher,
    private readonly accounts: AccountStore,
    private readonly gate: RemovalGate,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns how many milliseconds later the account needs another job: 0 after half a minute of work, more when events were deferred,
   * `undefined` when nothing is left to apply or push. Throws the failure of a read from Kommo.
   */
  async follow(work: AccountWork): Promise<number | undefined> {
    const startedAt = this.clock.nowMs();
    let newestAt = 0;
    let retryAt = Infinity;
    const isTimeUp = () => this.clock.nowMs() - startedAt >= SLICE_MS;
    while (!isTimeUp()) {
      const applied = await this.events.applyWaiting(work, isTimeUp);
      newestAt = Math.max(newestAt, applied.newestAt);
      retryAt = Math.min(retryAt, applied.retryAt ?? Infinity);
      if (applied.failure !== undefined) {
        await this.flusher.flushAll(work);
        throw applied.failure;
      }
      if ((await this.flusher.flushIfDue(work, newestAt)) && !applied.hasMore) {
        const rereads = await this.gate.planRemovals(work.lease.accountId, { cause: 'reread' });
        if (rereads.outcome === 'approved') continue;
        await this.accounts.update(work.lease.accountId, newestAt > 0 ? { lastEventAt: newestAt } : {});
        return retryAt === Infinity ? undefined : Math.max(0, retryAt - this.clock.nowMs());
      }
    }
    return 0;
  }
}

/** Does the work of the `contacts` jobs. */
@Injectable()
export class AccountSync {
  constructor(
    private readonly runner: AccountWorkRunner,
    private readonly follower: EventFollower,
    private readonly continuation: JobContinuation,
    private readonly leases: LeaseStore,
    private readonly queue: JobQueue,
  ) {}

  /**
   * Applies every waiting event and pushes the difference to Unisender. Returns when nothing is left to do now, or after half a
   * minute, with another job enqueued where one is needed. Returns early when another job continues the work (`findContinuation`).
   * `isRetry`: whether a worker reserved this job before.
   *
   * Throws TransientError, also for events that wait for Kommo, AccountBlockedError, and permanent errors.
   */
  async processEvents(accountId: number, signal: AbortSignal, isRetry: () => Promise<boolean> = async () => true): Promise<void> {
    const isRetriedByAnother = await this.leases.isRetried(accountId);
    const delayMs = await this.followOrEnd(accountId, signal, async () => isRetriedByAnother && !(await isRetry()));
    if (delayMs === undefined || delayMs > LONGEST_DELAY_MS) return;
    await this.queue.put({ tube: 'contacts', payload: { account_id: accountId } }, { delaySeconds: Math.ceil(delayMs / 1_000) });
  }

  private async followOrEnd(accountId: number, signal: AbortSignal, hasEarlierJob: () => Promise<boolean>): Promise<number | undefined> {
    try {
      return await this.runner.run(accountId, signal, (work) => this.follower.follow(work));
    } catch (error) {
      await this.continuation.throwUnlessContinued(accountId, error, async () => !signal.aborted && (await hasEarlierJob()));
      return undefined;
    }
  }
}
