import { Injectable } from '@nestjs/common';
import { AlertStore, Database, type FailureEntity, FailureStore, LeaseStore } from '#database';
import { Clock, type ErrorCode, alerts, parseJson, toPositiveInteger, valueAt } from '#domain';
import type { BuriedJob, BuriedJobRecorder } from '#queue';
import { RunTransitions } from '../runs/run-transitions.js';

/** A buried job as it is stored. */
export type JobFailure = Omit<FailureEntity, 'failureId' | 'code'> & { readonly code: ErrorCode };

/** Stores buried jobs. */
@Injectable()
export class JobFailures {
  constructor(
    private readonly database: Database,
    private readonly failures: FailureStore,
    private readonly alerts: AlertStore,
    private readonly leases: LeaseStore,
  ) {}

  /** Stores the job, raises an alert and lets the next job of the account retry its work. */
  async add(failure: JobFailure): Promise<void> {
    const { accountId, tube, code, failedAt } = failure;
    await this.database.transaction(async () => {
      await this.failures.add(failure);
      await this.alerts.raise(alerts.jobsBuried(tube, code, failedAt));
      if (accountId !== null) await this.leases.markBuried(accountId);
    });
  }
}

/** Records buried jobs for the operator. */
@Injectable()
export class BuriedJobs implements BuriedJobRecorder {
  constructor(
    private readonly failures: JobFailures,
    private readonly runs: RunTransitions,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores the job with its reason, raises an alert, lets the account's next job retry, and fails the run of a job for `imports`.
   * Throws TransientError `database_unavailable`: the job must not be buried then.
   */
  async record({ tube, server, jobId, body, code, reason }: BuriedJob): Promise<void> {
    const payload = parseJson(body);
    const accountId = toPositiveInteger(valueAt(payload, 'account_id')) ?? null;
    const failedAt = this.clock.nowMs();
    await this.failures.add({ accountId, tube, server, jobId: Number(jobId), payload: body, code, reason, failedAt });
    const runId = tube === 'imports' ? valueAt(payload, 'run_id') : undefined;
    if (typeof runId === 'string') await this.runs.fail(runId, { code, reason });
  }
}
