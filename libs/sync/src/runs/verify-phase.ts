import type { Run } from '#database';
import { alerts, needsConfirmation } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import type { SyncContext } from '../context.js';
import type { RunDelivery } from './run-delivery.js';
import type { RunParts } from './run-parts.js';
import type { Phase, RunStep, StepOutcome } from './run-phase.js';
import type { RunProgress } from './run-progress.js';

/** Asks Kommo for each contact that the read did not show, then decides whether a human must look first. */
export class VerifyPhase implements Phase {
  constructor(
    private readonly context: SyncContext,
    private readonly parts: Pick<RunParts, 'pages'>,
    private readonly progress: RunProgress,
    private readonly delivery: RunDelivery,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run, work, untilMs } = step;
    let after = run.cursorContactId;
    for (;;) {
      const ids = await this.context.stores.contacts.listMissing(run.accountId, run.runId, after, KOMMO_PAGE_LIMIT);
      if (ids.length === 0) return this.end(step);
      await this.parts.pages.verifyMissing(work, ids);
      work.lease.assertHeld();
      after = ids.at(-1) ?? after;
      if (!(await this.progress.save(run.runId, { cursorContactId: after }))) return 'ended';
      if (this.context.clock.nowMs() >= untilMs) return 'later';
    }
  }

  private async end(step: RunStep): Promise<StepOutcome> {
    if (!(await this.delivery.deliver(step, 0))) return 'ended';
    if (await this.waitsForConfirmation(step.run)) return 'settled';
    return (await this.progress.save(step.run.runId, { phase: 'remove' })) ? 'next' : 'ended';
  }

  /** A run that waits stays in its phase: what is confirmed much later is verified anew. */
  private async waitsForConfirmation(run: Run): Promise<boolean> {
    const { database, stores, config, logger } = this.context;
    const missing = await stores.contacts.countMissing(run.accountId, run.runId);
    const living = await stores.contacts.countLiving(run.accountId);
    if (run.confirmed || !needsConfirmation(missing, living, config.reconcileDeleteLimitPercent)) return false;
    const error = `${missing} of ${living} contacts are gone from Kommo: confirm to remove their addresses`;
    logger.warn('a run waits for confirmation', { run_id: run.runId, account_id: run.accountId, missing, living });
    return database.transaction(async () => {
      const isWaiting = await stores.runs.transition(run.runId, 'waiting_for_confirmation', { error, cursorContactId: 0 });
      if (isWaiting) await stores.alerts.raise(alerts.runWaitsForConfirmation(run.accountId, run.runId));
      return isWaiting;
    });
  }
}
