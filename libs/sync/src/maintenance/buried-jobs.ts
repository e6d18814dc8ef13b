import { alerts, parseJson, toPositiveInteger, valueAt } from '#domain';
import type { BuriedJob, BuriedJobRecorder } from '#queue';
import type { SyncContext } from '../context.js';
import type { RunTransitions } from '../runs/run-transitions.js';

/** Records buried jobs for the operator. */
export class BuriedJobs implements BuriedJobRecorder {
  constructor(
    private readonly context: SyncContext,
    private readonly runs: Pick<RunTransitions, 'fail'>,
  ) {}

  /**
   * Stores the job's reason for the operator, raises an alert, lets the account's next job retry, and fails the run of a job for
   * `imports`. Throws TransientError `database_unavailable`: the job must not be buried then.
   */
  async record({ tube, jobId, body, code, reason }: BuriedJob): Promise<void> {
    const { database, stores, clock } = this.context;
    const payload = parseJson(body);
    const accountId = toPositiveInteger(valueAt(payload, 'account_id')) ?? null;
    const failedAt = clock.nowMs();
    await database.transaction(async () => {
      await stores.failures.add({ accountId, tube, jobId: Number(jobId), payload: body, code, reason, failedAt });
      await stores.alerts.raise(alerts.jobsBuried(tube, code, failedAt));
      if (accountId !== null) await stores.leases.markBuried(accountId);
    });
    const runId = tube === 'imports' ? valueAt(payload, 'run_id') : undefined;
    if (typeof runId === 'string') await this.runs.fail(runId, { code, reason });
  }
}
