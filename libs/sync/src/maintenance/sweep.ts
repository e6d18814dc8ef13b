import { type AccountHindrance, findAccountHindrance } from '#domain';
import type { SyncContext } from '../context.js';
import type { RunService } from '../runs/run-service.js';

const LIMIT = 1_000;
/** A run that nobody moved for so long is put again; a worker's slice and its longest vendor call are shorter. */
const STALE_RUN_MS = 60_000;
const KEEP_SETTLED_EVENTS_MS = 7 * 24 * 3_600_000;
const PURGE_ROWS = 2_000;
/** An account that stays due is put again after twice as long each time, at most after this. */
const LONGEST_PAUSE_MS = 300_000;

interface Woken {
  readonly atMs: number;
  readonly pauseMs: number;
}

/** The database is the truth, the queue the alarm clock: what is due and has perhaps lost its job gets a new one. */
export class Sweep {
  /** Accounts that were due in the last round: while a vendor is down their jobs wait in the queue and must not pile up. */
  private woken: ReadonlyMap<number, Woken> = new Map();

  constructor(
    private readonly context: SyncContext,
    private readonly runs: RunService,
  ) {}

  /** One round. Everything it puts bears being put twice. Throws TransientError when the database or the queue is away. */
  async run(): Promise<void> {
    const { clock, config, stores } = this.context;
    const before = clock.nowMs() - config.sweepSeconds * 1_000;
    const waiting = await stores.events.listAccountsWaiting(before, LIMIT);
    const abandoned = await stores.leases.listAbandoned(before, LIMIT);
    await this.wakeAccounts([...new Set([...waiting, ...abandoned])]);
    for (const run of await stores.runs.listStale(clock.nowMs() - STALE_RUN_MS, LIMIT)) {
      await stores.runs.beat(run.runId);
      // The job of a paused account's run is in the queue until the pause ends; the job of a blocked account fails its run.
      if ((await this.findHindrance(run.accountId)) !== 'account_paused') await this.runs.enqueue(run);
    }
    await stores.events.purge(clock.nowMs() - KEEP_SETTLED_EVENTS_MS, PURGE_ROWS);
    await stores.authStates.purge();
  }

  private async wakeAccounts(due: readonly number[]): Promise<void> {
    const nowMs = this.context.clock.nowMs();
    const woken = new Map<number, Woken>();
    for (const accountId of due) {
      const last = this.woken.get(accountId);
      const isPausing = last !== undefined && nowMs - last.atMs < last.pauseMs;
      if (!isPausing) await this.wakeAccount(accountId);
      woken.set(accountId, isPausing ? last : { atMs: nowMs, pauseMs: this.pauseAfter(last) });
    }
    this.woken = woken;
  }

  private pauseAfter(last: Woken | undefined): number {
    return last ? Math.min(last.pauseMs * 2, LONGEST_PAUSE_MS) : this.context.config.sweepSeconds * 1_000;
  }

  private async findHindrance(accountId: number): Promise<AccountHindrance | undefined> {
    const { clock, stores } = this.context;
    return findAccountHindrance(await stores.accounts.find(accountId), 'work', clock.nowMs());
  }

  private async wakeAccount(accountId: number): Promise<void> {
    if ((await this.findHindrance(accountId)) !== undefined) return;
    await this.context.queue.put({ tube: 'contacts', payload: { account_id: accountId } });
  }
}
