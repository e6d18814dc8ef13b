import { MAX_ROWS_PER_CALL } from '#domain';
import { throwIfStopping } from '../push/account-work.js';
import type { SyncContext } from '../context.js';
import type { RunDelivery } from './run-delivery.js';
import type { Phase, RunStep, StepOutcome } from './run-phase.js';
import type { RunProgress } from './run-progress.js';

const BURIED_AT_ONCE = 250;

/** Buries the contacts that are gone; their addresses follow. */
export class RemovePhase implements Phase {
  constructor(
    private readonly context: SyncContext,
    private readonly progress: RunProgress,
    private readonly delivery: RunDelivery,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run, work } = step;
    const { stores } = this.context;
    for (;;) {
      const ids = await stores.contacts.listMissing(run.accountId, run.runId, 0, BURIED_AT_ONCE);
      if (ids.length === 0) break;
      await work.lease.write(() => stores.contacts.markDeleted(run.accountId, ids));
      if (!(await this.delivery.deliver(step, MAX_ROWS_PER_CALL - 1))) return 'ended';
      throwIfStopping(work.signal);
    }
    return (await this.progress.save(run.runId, { phase: 'finish' })) ? 'next' : 'ended';
  }
}
