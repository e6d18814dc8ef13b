import { Injectable } from '@nestjs/common';
import { Database, EventStore, GapStore } from '#database';
import { Logger } from '#domain';
import { GapRuns } from '../runs/gap-runs.js';

/** More waiting events of one account than this become a gap. */
const MAX_WAITING = 100_000;
/** The waiting events of an account are counted once for so many new ones. */
const COUNTED_EVERY = 1_000;
const DROPPED_AT_ONCE = 2_000;
const MAX_ACCOUNTS = 100_000;

/** Bounds the waiting events of each account: beyond 100,000 a complete read is cheaper, and one account cannot fill the table. */
@Injectable()
export class WaitingQuota {
  /** Events recorded by this process since the last count, by account. */
  private readonly recorded = new Map<number, number>();
  private readonly enforcing = new Set<number>();

  constructor(
    private readonly database: Database,
    private readonly events: EventStore,
    private readonly gaps: GapStore,
    private readonly runs: GapRuns,
    private readonly logger: Logger,
  ) {}

  /** Notes that events of Kommo were recorded, and enforces the quota in the background now and then. Never throws. */
  noteRecorded(accountId: number, count: number): void {
    const recorded = (this.recorded.get(accountId) ?? 0) + count;
    if (this.recorded.size >= MAX_ACCOUNTS) this.recorded.clear();
    this.recorded.set(accountId, recorded % COUNTED_EVERY);
    if (recorded < COUNTED_EVERY || this.enforcing.has(accountId)) return;
    this.enforcing.add(accountId);
    void this.enforce(accountId)
      .catch((error: unknown) => this.logger.warn('waiting events not counted', { account_id: accountId, error }))
      .finally(() => this.enforcing.delete(accountId));
  }

  /** Drops the waiting events of an account that has too many, and records a gap. Throws TransientError `database_unavailable`. */
  async enforce(accountId: number): Promise<void> {
    if (!(await this.events.hasMoreWaiting(accountId, MAX_WAITING))) return;
    let dropped = 0;
    for (;;) {
      const count = await this.database.transaction(() => this.dropSome(accountId));
      dropped += count;
      if (count < DROPPED_AT_ONCE) break;
    }
    this.logger.warn('too many waiting events; a reconciliation replaces them', { account_id: accountId, dropped });
    this.runs.startSoon(accountId);
  }

  /** Each transaction opens a gap of its own: a read that began before it does not close it. */
  private async dropSome(accountId: number): Promise<number> {
    await this.gaps.open(accountId, 'too_many_events');
    return this.events.dropWaiting(accountId, DROPPED_AT_ONCE);
  }
}
