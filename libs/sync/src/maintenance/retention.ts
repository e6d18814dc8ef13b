import type { SyncContext } from '../context.js';

const DAY_MS = 24 * 3_600_000;
const BATCH = 2_000;

type Purge = (beforeMs: number, limit: number) => Promise<number>;

/** Forgets what nobody needs any more. Settled events and auth states go with the sweep, accounts with their uninstall. */
export class Retention {
  constructor(private readonly context: SyncContext) {}

  /** Deletes in batches, each by itself: it may be cut off anywhere, and nobody waits for it. */
  async run(): Promise<void> {
    const { clock, config, stores } = this.context;
    const history = clock.nowMs() - config.historyKeepDays * DAY_MS;
    await deleteAll((beforeMs, limit) => stores.runs.purge(beforeMs, limit), history);
    await deleteAll((beforeMs, limit) => stores.failures.purge(beforeMs, limit), history);
    await deleteAll((beforeMs, limit) => stores.events.purgeRefused(beforeMs, limit), history);
    await deleteAll((beforeMs, limit) => stores.audit.purge(beforeMs, limit), clock.nowMs() - config.auditKeepDays * DAY_MS);
  }
}

async function deleteAll(purge: Purge, beforeMs: number): Promise<void> {
  while ((await purge(beforeMs, BATCH)) === BATCH);
}
