import { Injectable } from '@nestjs/common';
import { AccountStore, type WebhookState } from '#database';
import { hasUsableUnisenderKey } from '#domain';
import { VendorWebhooks } from '../accounts/vendor-webhooks.js';
import { RunActiveError, RunService } from '../runs/run-service.js';

/** The result of one check. */
export interface WebhookCheck {
  /** The state of Kommo's webhook before the repair. */
  readonly found: WebhookState;
  /** Whether a reconciliation was started. */
  readonly isReconciling: boolean;
}

/** Repairs the webhooks of accounts, and starts reconciliations for the events that were missed. */
@Injectable()
export class WebhookWatchdog {
  constructor(
    private readonly webhooks: VendorWebhooks,
    private readonly runs: RunService,
    private readonly accounts: AccountStore,
  ) {}

  /**
   * Checks and repairs the webhooks of an account. After a gap it starts a reconciliation, then sets the states of the webhooks to `active`. A
   * crash or an active run in between leaves the state as it was, so the next check reconciles. Throws as {@link VendorWebhooks.repair}.
   */
  async check(accountId: number): Promise<WebhookCheck> {
    const { account, found, hasGap, settled } = await this.webhooks.repair(accountId);
    const isReconciling = hasGap && hasUsableUnisenderKey(account) && (await this.reconcile(accountId));
    if (isReconciling) await this.accounts.update(accountId, settled);
    return { found, isReconciling };
  }

  /** Returns false when a run is active, which may have missed events. */
  private async reconcile(accountId: number): Promise<boolean> {
    try {
      await this.runs.start({ accountId, mode: 'reconcile', trigger: 'watchdog' });
      return true;
    } catch (error) {
      if (!(error instanceof RunActiveError)) throw error;
      return false;
    }
  }
}
