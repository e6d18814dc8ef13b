import { Injectable } from '@nestjs/common';
import { AlertStore, Database, type RunEntity, type RunPatch, RunStore } from '#database';
import { type ErrorCode, Logger, alerts } from '#domain';

/** Moves runs to states that an operator must know of, and raises the alert in the same transaction. */
@Injectable()
export class RunTransitions {
  constructor(
    private readonly database: Database,
    private readonly runs: RunStore,
    private readonly alerts: AlertStore,
    private readonly logger: Logger,
  ) {}

  /** Fails a run with the reason. Does nothing to a run that is unknown or ended. */
  async fail(runId: string, { code, reason }: { readonly code: ErrorCode; readonly reason: string }): Promise<void> {
    const run = await this.runs.find(runId);
    if (!run) return;
    const hasFailed = await this.database.transaction(async () => {
      const isChanged = await this.runs.transition(runId, 'failed', { error: `${code}: ${reason}` });
      if (isChanged) await this.alerts.raise(alerts.runFailed(run.accountId, runId, code));
      return isChanged;
    });
    if (hasFailed) this.logger.error('run failed', { run_id: runId, account_id: run.accountId, code });
  }

  /** Makes a run wait for the confirmation of its planned removals. Returns false when the run was ended meanwhile. */
  async awaitConfirmation(
    { runId, accountId }: Pick<RunEntity, 'runId' | 'accountId'>,
    { count, samples }: { readonly count: number; readonly samples: readonly string[] },
  ): Promise<boolean> {
    const error = `${count} addresses would be removed: confirm or cancel the run`;
    const plan: RunPatch = { error, phase: 'verify', cursorContactId: 0, plannedRemovals: count, samples };
    const isWaiting = await this.database.transaction(async () => {
      const isChanged = await this.runs.transition(runId, 'waiting_for_confirmation', plan);
      if (isChanged) await this.alerts.raise(alerts.runWaitsForConfirmation(accountId, runId));
      return isChanged;
    });
    if (isWaiting) this.logger.warn('run waits for confirmation', { run_id: runId, account_id: accountId, planned_removals: count });
    return isWaiting;
  }
}
