import { Injectable } from '@nestjs/common';
import { type RunEntity, RunStore } from '#database';
import { AccountBlockedError, type Job, JobQueue, type ServiceError, hasErrorCode, isDeferral } from '#domain';
import { AccountWorkRunner } from '../push/account-work.js';
import type { StepOutcome } from './run-progress.js';
import { RunSlice } from './run-slice.js';
import { RunTransitions } from './run-transitions.js';

/** Does the work of runs, a slice of time for each job. */
@Injectable()
export class RunWorker {
  constructor(
    private readonly runs: RunStore,
    private readonly runner: AccountWorkRunner,
    private readonly slice: RunSlice,
    private readonly transitions: RunTransitions,
    private readonly queue: JobQueue,
  ) {}

  /**
   * Continues a run at its checkpoint, and enqueues its next job when the slice is over. A run of a blocked account fails.
   * Throws TransientError; the run continues when its job is tried again.
   */
  async continueRun(runId: string, signal: AbortSignal): Promise<void> {
    const run = await this.runs.find(runId);
    if (!run || !(await this.transitions.begin(run))) return;
    try {
      await this.runner.run(
        run.accountId,
        signal,
        (work) => this.slice.advance(run, work),
        async (outcome) => {
          const next = nextJob(outcome, run);
          if (next) await this.queue.put(next);
        },
      );
    } catch (error) {
      await this.recordFailure(run, error);
    }
  }

  /** Fails the run of a blocked account, and a run whose export is no list of contacts. Any other error is saved in the run, until it advances again, and thrown. */
  private async recordFailure({ runId }: RunEntity, error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    const isFatal = error instanceof AccountBlockedError || hasErrorCode(error, 'unisender_export_unusable');
    if (!isFatal) {
      await this.runs.checkpoint(runId, isDeferral(error) ? {} : { error: reason });
      throw error;
    }
    await this.transitions.fail(runId, { code: (error as ServiceError).code, reason });
  }
}

/** The job that continues the run, or that pushes what an ended run left dirty. */
function nextJob(outcome: StepOutcome, { runId, accountId }: RunEntity): Job | undefined {
  if (outcome === 'later') return { tube: 'imports', payload: { run_id: runId, account_id: accountId } };
  return outcome === 'ended' ? { tube: 'contacts', payload: { account_id: accountId } } : undefined;
}
