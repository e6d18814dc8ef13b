import { Injectable } from '@nestjs/common';
import { AddressStore, RunStore } from '#database';
import { Clock, type Secret, isFlushDue } from '#domain';
import { type AccountWork, throwIfStopping } from './account-work.js';
import { AddressPusher } from './address-pusher.js';
import { DueAddressWork } from './due-address-work.js';
import type { PushCounts } from './push-plan.js';

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
