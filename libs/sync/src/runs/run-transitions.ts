import { Injectable } from '@nestjs/common';
import { AlertStore, Database, type RunEntity, RunStore } from '#database';
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

  /** Makes a run wait for confirmation. Returns false when the run was ended meanwhile. */
  async awaitConfirmation(
    { runId, accountId }: RunEntity,
    counts: { readonly missing: number; readonly existing: number },
  ): Promise<boolean> {
    const { missing, existing } = counts;
    const error = `${missing} of ${existing} contacts were not found in Kommo: confirm to remove their addresses`;
    const isWaiting = await this.database.transaction(async () => {
      const isChanged = await this.runs.transition(runId, 'waiting_for_confirmation', { error, cursorContactId: 0 });
      if (isChanged) await this.alerts.raise(alerts.runWaitsForConfirmation(accountId, runId));
      return isChanged;
    });
    if (isWaiting) this.logger.warn('run waits for confirmation', { run_id: runId, account_id: accountId, missing, existing });
    return isWaiting;
  }
}
