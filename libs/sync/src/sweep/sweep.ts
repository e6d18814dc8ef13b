import type { SyncContext } from '../context.js';
import type { RunService } from '../runs/run-service.js';

const LIMIT = 1_000;
/** A run that nobody moved for so long is put again; a worker's slice and its longest vendor call are shorter. */
const STALE_RUN_MS = 60_000;
const KEEP_SETTLED_EVENTS_MS = 7 * 24 * 3_600_000;
const PURGE_ROWS = 2_000;

/** The database is the truth, the queue the alarm clock: what is due and has perhaps lost its job gets a new one. */
export class Sweep {
  constructor(
    private readonly context: SyncContext,
    private readonly runs: RunService,
  ) {}

  /** One round. Everything it puts bears being put twice. Throws TransientError when the database or the queue is away. */
  async run(): Promise<void> {
    const { clock, config, stores } = this.context;
    const before = clock.nowMs() - config.sweepSeconds * 1_000;
    const waiting = await stores.events.listAccountsWaiting(before, LIMIT);
    const abandoned = await stores.accounts.listAbandoned(before, LIMIT);
    for (const accountId of new Set([...waiting, ...abandoned])) await this.wakeAccount(accountId);
    for (const run of await stores.runs.listStale(clock.nowMs() - STALE_RUN_MS, LIMIT)) {
      await stores.runs.beat(run.runId, clock.nowMs());
      await this.runs.wake(run);
    }
    await stores.events.purge(clock.nowMs() - KEEP_SETTLED_EVENTS_MS, PURGE_ROWS);
    await stores.authStates.purge(clock.nowMs());
  }

  private async wakeAccount(accountId: number): Promise<void> {
    const { clock, queue, stores } = this.context;
    const account = await stores.accounts.find(accountId);
    if (account?.status !== 'active' || account.pausedUntil > clock.nowMs()) return;
    await queue.put({ tube: 'contacts', payload: { account_id: accountId } });
  }
}
