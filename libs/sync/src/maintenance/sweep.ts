import { Injectable } from '@nestjs/common';
import { RunStore } from '#database';
import { Clock } from '#domain';
import { AccountGate } from '../accounts/account-gate.js';
import { Uninstall } from '../accounts/uninstall.js';
import { GapRuns } from '../runs/gap-runs.js';
import { RunService } from '../runs/run-service.js';
import { DueAccounts } from './due-accounts.js';
import { ExpiredRows } from './expired-rows.js';

const LIMIT = 1_000;
/** A run without a heartbeat for this long has no worker: a time slice and its longest vendor call are shorter. */
const STALE_RUN_MS = 60_000;

/** Finds runs that may have lost their job. */
@Injectable()
export class StaleRuns {
  constructor(
    private readonly runs: RunStore,
    private readonly gate: AccountGate,
    private readonly runService: RunService,
    private readonly clock: Clock,
  ) {}

  /** Enqueues a job for each run without a heartbeat for a minute. */
  async enqueueJobs(): Promise<void> {
    for (const run of await this.runs.listStale(this.clock.nowMs() - STALE_RUN_MS, LIMIT)) {
      await this.runs.beat(run.runId);
      // The job of a paused account's run is in the queue until the pause ends; the job of a blocked account fails its run.
      const hindrance = await this.gate.findHindrance(run.accountId, 'work');
      if (hindrance !== 'account_paused') await this.runService.enqueue(run);
    }
  }
}

/** Enqueues jobs for work that has lost its job: the database has the state, the queue only starts the work. */
@Injectable()
export class Sweep {
  constructor(
    private readonly accounts: DueAccounts,
    private readonly runs: StaleRuns,
    private readonly gaps: GapRuns,
    private readonly expired: ExpiredRows,
    private readonly uninstalls: Uninstall,
  ) {}

  /**
   * Runs one round; it also starts reconciliations after gaps, decides about uninstall calls and deletes expired
   * rows. A second job for the same work does no harm.
   * Throws TransientError when the database or the queue is unavailable.
   */
  async run(): Promise<void> {
    await this.accounts.enqueueJobs();
    await this.runs.enqueueJobs();
    await this.gaps.startDue();
    await this.uninstalls.decideAll();
    await this.expired.purge();
  }
}
