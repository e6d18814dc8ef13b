import { Injectable } from '@nestjs/common';
import { GapStore, type OpenGap } from '#database';
import { AccountBlockedError, Clock, GAP_RUN_INTERVAL_MS, Logger, isGapRunDue } from '#domain';
import { RunActiveError, RunService } from './run-service.js';

const ACCOUNTS_AT_ONCE = 1_000;

/** Starts reconciliations of accounts with gaps in their webhooks: the first within a minute, later ones every ten minutes at most. */
@Injectable()
export class GapRuns {
  constructor(
    private readonly gaps: GapStore,
    private readonly runs: RunService,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Starts a reconciliation of every account whose gap is due. Throws TransientError when the database is unavailable. */
  async startDue(): Promise<void> {
    for (const gap of await this.gaps.list(this.clock.nowMs() - GAP_RUN_INTERVAL_MS, ACCOUNTS_AT_ONCE)) await this.startIfDue(gap);
  }

  /** Starts a reconciliation of the account in the background. A failure is logged: the sweep tries again. */
  startSoon(accountId: number): void {
    void this.start(accountId).catch((error: unknown) => {
      this.logger.warn('reconciliation after a gap not started; the sweep will try again', { account_id: accountId, error });
    });
  }

  private async start(accountId: number): Promise<void> {
    const gap = await this.gaps.find(accountId);
    if (gap) await this.startIfDue(gap);
  }

  /** An active run may have read the missing changes already: the gap waits until it has ended. A blocked account waits too. */
  private async startIfDue(gap: OpenGap): Promise<void> {
    const { accountId } = gap;
    if (!isGapRunDue(gap, this.clock.nowMs())) return;
    try {
      const run = await this.runs.start({ accountId, mode: 'reconcile', trigger: 'gap' });
      await this.gaps.markStarted(accountId);
      this.logger.warn('reconciliation started because webhooks are missing', { account_id: accountId, run_id: run.run_id });
    } catch (error) {
      if (!(error instanceof RunActiveError || error instanceof AccountBlockedError)) throw error;
    }
  }
}
