import { Injectable } from '@nestjs/common';
import type { AccountEntity } from '#database';
import { RequestedJobs } from '../push/account-lease.js';
import { RunService } from '../runs/run-service.js';
import { AccountRounds } from './account-rounds.js';
import { LastingTrouble } from './lasting-trouble.js';
import { WebhookWatchdog } from './webhook-watchdog.js';

/** Checks and reconciles all active accounts that have a Unisender key. */
@Injectable()
export class AllAccounts {
  constructor(
    private readonly rounds: AccountRounds,
    private readonly runs: RunService,
    private readonly watchdog: WebhookWatchdog,
    private readonly trouble: LastingTrouble,
    private readonly jobs: RequestedJobs,
  ) {}

  /** Starts a reconciliation of each account. Logs the errors of accounts, also that a run is active. */
  async reconcileAll(): Promise<void> {
    await this.forEach('reconcile', ({ accountId }) => this.runs.start({ accountId, mode: 'reconcile', trigger: 'schedule' }));
  }

  /**
   * Raises alerts about each account that makes no progress, repairs its webhooks, and enqueues a job for write-backs that are still
   * pending. Logs the errors of accounts.
   */
  async checkAll(): Promise<void> {
    await this.forEach('watchdog', async (account) => {
      await this.trouble.check(account);
      await this.watchdog.check(account.accountId);
      await this.jobs.enqueueWriteBacks(account.accountId);
    });
  }

  private async forEach(round: string, visit: (account: AccountEntity) => Promise<unknown>): Promise<void> {
    await this.rounds.forEach(round, { status: 'active' }, async (account) => {
      if (account.unisenderKey !== null) await visit(account);
    });
  }
}
