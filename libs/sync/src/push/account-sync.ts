import { Injectable } from '@nestjs/common';
import { AccountStore, AddressStore, LeaseStore, RunStore } from '#database';
import { Clock, JobQueue, type Secret, isFlushDue } from '#domain';
import { EventApplier } from '../intake/event-applier.js';
import { type AccountWork, AccountWorkRunner, throwIfStopping } from './account-work.js';
import { AddressPusher } from './address-pusher.js';
import { DueAddressWork } from './due-address-work.js';
import { RemovalGate } from './removal-gate.js';
import { JobContinuation } from './job-continuation.js';
import type { PushCounts } from './push-plan.js';

/** After this long, an account with a steady flow of events leaves its worker to other accounts. */
const SLICE_MS = 30_000;
/** Events that are deferred for longer get their job from the sweep. */
const LONGEST_DELAY_MS = 5 * 60_000;
/** A flush that is not due is looked at again after this long. */
const POLL_MS = 100;

/** Pushes an account's dirty addresses: when enough of them wait, or when no new event arrives. */
@Injectable()
export class AddressFlusher {
  constructor(
    private readonly addresses: AddressStore,
    private readonly pusher: AddressPusher,
    private readonly due: DueAddressWork,
    private readonly runs: RunStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Verifies and retries addresses whose time has come. Pushes one round when a flush is due, else sleeps for 100 ms. Returns true
   * when no address is dirty, and when the account has no key. `newestAt` is when the newest event arrived, epoch milliseconds.
   */
  async flushIfDue(work: AccountWork, newestAt: number): Promise<boolean> {
    if (!work.unisenderKey) return true;
    await this.due.handle(work, work.unisenderKey);
    const backlog = await this.addresses.findBacklog(work.lease.accountId);
    if (backlog.rows === 0) return true;
    const now = this.clock.nowMs();
    const isDue = isFlushDue({
      dirtyRows: backlog.rows,
      oldestDirtyAgeMs: now - (backlog.oldestSince ?? now),
      quietMs: now - newestAt,
    });
    if (isDue) await this.pushRound(work, work.unisenderKey);
    else await this.clock.sleep(POLL_MS, work.signal).catch(() => throwIfStopping(work.signal));
    return false;
  }

  /** Pushes until no address is dirty. Does nothing when the account has no key. */
  async flushAll(work: AccountWork): Promise<void> {
    if (!work.unisenderKey) return;
    while (await this.pushRound(work, work.unisenderKey)) throwIfStopping(work.signal);
  }

  private async pushRound(work: AccountWork, key: Secret): Promise<boolean> {
    return this.pusher.push(work, key, (counts) => this.count(work.lease.accountId, counts));
  }

  /** Adds to the counters of the active run: rows that it left dirty when its worker was killed are counted there. */
  private async count(accountId: number, counts: PushCounts): Promise<void> {
    const run = await this.runs.findActive(accountId);
    if (run?.state === 'running' && run.mode !== 'preview') await this.runs.count(run.runId, { ...counts });
  }
}

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
