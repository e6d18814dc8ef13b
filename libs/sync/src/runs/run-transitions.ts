import { Injectable } from '@nestjs/common';
import { AlertStore, Database, RemovalStore, type RunEntity, type RunPatch, RunStore } from '#database';
import { type ErrorCode, type LogFields, Logger, alerts } from '#domain';
import { countersOf } from './run-view.js';

/** What the log shows of a run that ended. */
const toEndFields = (run: RunEntity): LogFields => ({
  run_id: run.runId,
  account_id: run.accountId,
  mode: run.mode,
  ...countersOf(run),
  duration_ms: (run.finishedAt ?? run.heartbeatAt) - (run.startedAt ?? run.createdAt),
});

/** Changes the state of runs and logs it. Raises the alerts, and ends the removals of an ended run, in the same transaction. */
@Injectable()
export class RunTransitions {
  constructor(
    private readonly database: Database,
    private readonly runs: RunStore,
    private readonly removals: RemovalStore,
    private readonly alerts: AlertStore,
    private readonly logger: Logger,
  ) {}

  /** Makes a run `running`. Returns false when it has ended or waits for a confirmation. */
  async begin({ runId, accountId, mode, trigger, startedAt }: RunEntity): Promise<boolean> {
    const isRunning = await this.runs.begin(runId);
    if (isRunning && startedAt === null) this.logger.info('run began', { run_id: runId, account_id: accountId, mode, trigger });
    return isRunning;
  }

  /** Completes a running run. Returns false when it was ended meanwhile. */
  async complete(runId: string): Promise<boolean> {
    const isChanged = await this.end(runId, 'completed', { error: null });
    if (isChanged) await this.logEnd(runId, 'run completed');
    return isChanged;
  }

  /** Cancels a run; `error` is the reason, if it has one. Returns false when it has ended. */
  async cancel(runId: string, error?: 'superseded'): Promise<boolean> {
    const isChanged = await this.end(runId, 'cancelled', error === undefined ? {} : { error });
    if (isChanged) await this.logEnd(runId, 'run cancelled', error === undefined ? {} : { code: error });
    return isChanged;
  }

  /** Cancels the active run of the account, if it has one. */
  async cancelActive(accountId: number): Promise<void> {
    const run = await this.runs.findActive(accountId);
    if (run) await this.cancel(run.runId);
  }

  /** Fails a run with the reason. Does nothing to a run that is unknown or ended. */
  async fail(runId: string, { code, reason }: { readonly code: ErrorCode; readonly reason: string }): Promise<void> {
    const run = await this.runs.find(runId);
    if (!run) return;
    const hasFailed = await this.database.transaction(async () => {
      const isChanged = await this.end(runId, 'failed', { error: `${code}: ${reason}` });
      if (isChanged) await this.alerts.raise(alerts.runFailed(run.accountId, runId, code));
      return isChanged;
    });
    const failed = hasFailed ? await this.runs.find(runId) : undefined;
    if (failed) this.logger.error('run failed', { code, ...toEndFields(failed) });
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

  /** Ends a run. The removals that wait for it, or for its deletion of contacts, are decided anew: a superseding run counts all of them. */
  private async end(runId: string, to: 'completed' | 'cancelled' | 'failed', patch: RunPatch): Promise<boolean> {
    return this.database.transaction(async () => {
      const run = await this.runs.find(runId);
      if (!run || !(await this.runs.transition(runId, to, patch))) return false;
      if (patch.error === 'superseded') await this.removals.release(run.accountId, runId);
      else await this.removals.withdraw(run.accountId, runId);
      return true;
    });
  }

  private async logEnd(runId: string, event: string, fields: LogFields = {}): Promise<void> {
    const run = await this.runs.find(runId);
    if (run) this.logger.info(event, { ...fields, ...toEndFields(run) });
  }
}
