import type { RunCounts } from '#database';
import type { AccountWork } from '../push/account-work.js';
import { pushWhenReady } from '../push/push-when-ready.js';
import type { SyncContext } from '../context.js';
import type { RunParts } from './run-parts.js';
import type { RunStep } from './run-phase.js';
import type { RunProgress } from './run-progress.js';

/** A page that is in the mirror and whose rows may still wait for a call. */
export interface UndeliveredPage {
  readonly page: number;
  readonly lastId: number;
  /** Its rows are dirty since then, epoch ms; no other page's are. */
  readonly stampMs: number;
  readonly counts: Pick<RunCounts, 'read' | 'unchanged' | 'rejected'>;
}

/** Tells what a run has brought into the mirror, and keeps up with live changes meanwhile. */
export class RunDelivery {
  constructor(
    private readonly context: SyncContext,
    private readonly parts: Pick<RunParts, 'events' | 'preparation' | 'pusher'>,
    private readonly progress: RunProgress,
  ) {}

  /**
   * Tells until at most `leave` rows wait, and moves the checkpoint to the last page of which none does; delivered pages
   * are taken out of `waiting`. False when the run was ended meanwhile.
   */
  async deliver({ run, work, key }: RunStep, leave: number, waiting: UndeliveredPage[] = []): Promise<boolean> {
    const { addresses } = this.context.stores;
    let backlog = await addresses.findBacklog(run.accountId);
    while (backlog.rows > leave) {
      await pushWhenReady(this.parts, work, key, this.progress.counter(run));
      if (!(await this.progress.save(run.runId, {}))) return false;
      backlog = await addresses.findBacklog(run.accountId);
    }
    const oldest = backlog.oldestSince ?? Number.POSITIVE_INFINITY;
    const delivered = waiting.filter(({ stampMs }) => stampMs < oldest);
    waiting.splice(0, delivered.length);
    const last = delivered.at(-1);
    if (!last) return true;
    return this.progress.save(run.runId, { page: last.page, cursorContactId: last.lastId, error: null }, sumCounts(delivered));
  }

  /** Events that came meanwhile go the same way; a contact that cannot be re-read now waits for its own job. Returns how many came. */
  async followEvents(work: AccountWork): Promise<number> {
    const { count, failure } = await this.parts.events.applyWaiting(work);
    if (failure !== undefined) this.context.logger.warn('some contacts could not be read again during a run', { error: failure });
    return count;
  }
}

const sumCounts = (pages: readonly UndeliveredPage[]): UndeliveredPage['counts'] => ({
  read: pages.reduce((sum, { counts }) => sum + counts.read, 0),
  unchanged: pages.reduce((sum, { counts }) => sum + counts.unchanged, 0),
  rejected: pages.reduce((sum, { counts }) => sum + counts.rejected, 0),
});
