import { errorCodeOf } from '#domain';
import type { SyncContext } from '../context.js';
import type { RunService } from '../runs/run-service.js';
import type { VendorWebhooks } from '../accounts/vendor-webhooks.js';

const PAGE = 200;

/** Rounds over every active account; one account's failure never stops the next. */
export class AllAccounts {
  constructor(
    private readonly context: SyncContext,
    private readonly parts: { readonly runs: RunService; readonly webhooks: VendorWebhooks },
  ) {}

  /** Starts a reconciliation wherever none is active and a key stands. Resolves when all are started. */
  async reconcileAll(): Promise<void> {
    await this.forEach('reconcile', (accountId) => this.parts.runs.start({ accountId, mode: 'reconcile', trigger: 'schedule' }));
  }

  /** Mends webhooks, and puts again the write-backs that are still owed. */
  async checkAll(): Promise<void> {
    const { queue, stores } = this.context;
    await this.forEach('watchdog', async (accountId) => {
      await this.parts.webhooks.check(accountId);
      const [owed] = await stores.consents.listWriteBacks(accountId, 1);
      if (owed) await queue.put({ tube: 'write-backs', payload: { account_id: accountId } });
    });
  }

  private async forEach(round: string, visit: (accountId: number) => Promise<unknown>): Promise<void> {
    let after = 0;
    for (;;) {
      const accounts = await this.context.stores.accounts.list({ status: 'active', after, limit: PAGE });
      for (const { accountId, unisenderKey } of accounts) {
        if (unisenderKey !== null) await this.visit(round, accountId, visit);
      }
      after = accounts.at(-1)?.accountId ?? after;
      if (accounts.length < PAGE) return;
    }
  }

  private async visit(round: string, accountId: number, visit: (accountId: number) => Promise<unknown>): Promise<void> {
    try {
      await visit(accountId);
    } catch (error) {
      const code = errorCodeOf(error);
      this.context.logger.warn(`the ${round} round could not look after an account`, { account_id: accountId, code, error });
    }
  }
}
