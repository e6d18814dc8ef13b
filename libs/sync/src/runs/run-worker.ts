import type { Run } from '#database';
import { AccountBlockedError, type Job, type RunPhase, isOwnHold } from '#domain';
import { requireUnisenderKey } from '../push/account-sync.js';
import { type AccountWork, workOnAccount } from '../push/account-work.js';
import type { SyncContext } from '../context.js';
import { failRun } from './fail-run.js';
import { FinishPhase } from './finish-phase.js';
import { PreparePhase } from './prepare-phase.js';
import { ReadPhase } from './read-phase.js';
import { RemovePhase } from './remove-phase.js';
import { VerifyPhase } from './verify-phase.js';
import { Preview } from './preview.js';
import { RunDelivery } from './run-delivery.js';
import type { RunParts } from './run-parts.js';
import type { Phase, StepOutcome } from './run-phase.js';
import { RunProgress } from './run-progress.js';

/** A long run gives way to other accounts after this long. */
const SLICE_MS = 15_000;

/** Carries a run from its last checkpoint as far as one slice of time allows. */
export class RunWorker {
  private readonly progress: RunProgress;
  private readonly preview: Preview;
  private readonly phases: Readonly<Record<RunPhase, Phase>>;

  constructor(
    private readonly context: SyncContext,
    private readonly parts: RunParts,
  ) {
    this.progress = new RunProgress(context);
    this.preview = new Preview(context, parts.tokens, this.progress);
    const delivery = new RunDelivery(context, parts, this.progress);
    this.phases = {
      prepare: new PreparePhase(parts, this.progress),
      read: new ReadPhase(context, parts, this.progress, delivery),
      verify: new VerifyPhase(context, parts, this.progress, delivery),
      remove: new RemovePhase(context, this.progress, delivery),
      finish: new FinishPhase(context, this.progress, delivery),
    };
  }

  /**
   * Works on a run; puts its next job when time is up. A run whose account is blocked fails with the reason.
   * Throws TransientError when it is to be tried again: it goes on at its checkpoint.
   */
  async continueRun(runId: string, signal: AbortSignal): Promise<void> {
    const { stores, queue } = this.context;
    const run = await stores.runs.find(runId);
    if (!run || run.state === 'waiting_for_confirmation') return;
    if (!(await stores.runs.transition(runId, 'running'))) return;
    try {
      const outcome = await workOnAccount(this.context, run.accountId, signal, (work) => this.work(run, work));
      const next = jobAfter(outcome, run);
      if (next) await queue.put(next);
    } catch (error) {
      await this.settleFailure(run, error);
    }
  }

  private async work(run: Run, work: AccountWork): Promise<StepOutcome> {
    if (run.mode === 'preview') return this.preview.count(run, work);
    const untilMs = this.context.clock.nowMs() + SLICE_MS;
    const key = requireUnisenderKey(work);
    if (run.phase !== 'prepare') await this.parts.preparation.ensureReady(work, key, { look: true });
    for (;;) {
      const current = await this.progress.findActive(run.runId);
      if (!current) return 'ended';
      const outcome = await this.phases[current.phase].advance({ run: current, work, key, untilMs });
      if (outcome !== 'next') return outcome;
    }
  }

  /** A blocked account ends its run; any other failure stands in the run until it moves again, and is thrown on. */
  private async settleFailure(run: Run, error: unknown): Promise<void> {
    const { runId, accountId } = run;
    const { stores, logger } = this.context;
    const reason = error instanceof Error ? error.message : String(error);
    if (!(error instanceof AccountBlockedError)) {
      await stores.runs.checkpoint(runId, isOwnHold(error) ? {} : { error: reason });
      throw error;
    }
    logger.error('a run failed', { run_id: runId, account_id: accountId, code: error.code });
    await failRun(this.context, run, { code: error.code, reason });
  }
}

/** What an ended run left unpushed is told all the same. */
function jobAfter(outcome: StepOutcome, { runId, accountId }: Run): Job | undefined {
  if (outcome === 'later') return { tube: 'imports', payload: { run_id: runId, account_id: accountId } };
  return outcome === 'ended' ? { tube: 'contacts', payload: { account_id: accountId } } : undefined;
}
