import { Injectable } from '@nestjs/common';
import { type AccountEntity, MailingConsentStore } from '#database';
import { JobQueue } from '#domain';
import { RunService } from '../runs/run-service.js';
import { AccountRounds } from './account-rounds.js';
import { WebhookWatchdog } from './webhook-watchdog.js';

/** Checks and reconciles all active accounts that have a Unisender key. */
@Injectable()
export class AllAccounts {
  constructor(
    private readonly rounds: AccountRounds,
    private readonly runs: RunService,
    private readonly watchdog: WebhookWatchdog,
    private readonly consents: MailingConsentStore,
    private readonly queue: JobQueue,
  ) {}

  /** Starts a reconciliation of each account. Logs the errors of accounts, also that a run is active. */
  async reconcileAll(): Promise<void> {
    await this.forEach('reconcile', ({ accountId }) => this.runs.start({ accountId, mode: 'reconcile', trigger: 'schedule' }));
  }

  /** Repairs the webhooks of each account, and enqueues a job for write-backs that are still pending. Logs the errors of accounts. */
  async checkAll(): Promise<void> {
    await this.forEach('watchdog', async ({ accountId }) => {
      await this.watchdog.check(accountId);
      const [pending] = await this.consents.listWriteBacks(accountId, 1);
      if (pending) await this.queue.put({ tube: 'write-backs', payload: { account_id: accountId } });
    });
  }

  private async forEach(round: string, visit: (account: AccountEntity) => Promise<unknown>): Promise<void> {
    await this.rounds.forEach(round, { status: 'active' }, async (account) => {
      if (account.unisenderKey !== null) await visit(account);
    });
  }
}
