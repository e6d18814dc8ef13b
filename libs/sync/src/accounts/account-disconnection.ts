import { Injectable } from '@nestjs/common';
import { AccountStore, Database, LeaseStore, RunStore } from '#database';

/** Stops all work on accounts. */
@Injectable()
export class AccountDisconnection {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly leases: LeaseStore,
    private readonly runs: RunStore,
  ) {}

  /** Sets the account to `disconnected`, ends the lease of its worker and cancels its run. Deletes nothing. Safe to repeat. */
  async disconnect(accountId: number): Promise<void> {
    await this.database.transaction(async () => {
      await this.accounts.setStatus(accountId, 'disconnected');
      await this.leases.revoke(accountId);
    });
    const run = await this.runs.findActive(accountId);
    if (run) await this.runs.transition(run.runId, 'cancelled');
  }
}
