import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { type AccountEntity, PurgeStore } from '#database';
import { Clock, Logger, decideDisconnection } from '#domain';
import { VendorWebhooks } from '../accounts/vendor-webhooks.js';
import { AccountRounds } from './account-rounds.js';
import { Reconnection } from './reconnection.js';

const PURGE_ROWS = 2_000;

/** Deletes the data of disconnected accounts. */
@Injectable()
export class AccountPurge {
  constructor(
    private readonly purges: PurgeStore,
    private readonly logger: Logger,
  ) {}

  /** Deletes everything about the account, in small steps. Stops when the account is connected again. */
  async run(accountId: number): Promise<void> {
    if (!(await this.purges.begin(accountId))) return;
    while (await this.purges.deleteSome(accountId, PURGE_ROWS));
    await this.purges.end(accountId);
    this.logger.info('data of a disconnected account deleted', { account_id: accountId });
  }
}

/** Cleans up after one disconnected account. */
@Injectable()
export class DisconnectedAccount {
  constructor(
    private readonly webhooks: VendorWebhooks,
    private readonly reconnection: Reconnection,
    private readonly purge: AccountPurge,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Deletes the remaining webhooks, connects the account again if Kommo still accepts its access, or purges it when that is due. */
  async cleanUp({ accountId, webhookState, disconnectedAt, updatedAt }: AccountEntity): Promise<void> {
    if (webhookState !== null) await this.webhooks.remove(accountId);
    const disconnectedForMs = this.clock.nowMs() - (disconnectedAt ?? updatedAt);
    const steps = decideDisconnection(disconnectedForMs, { graceDays: this.config.uninstallGraceDays });
    if (steps.checkAccess && (await this.reconnection.reconnectIfAccepted(accountId))) return;
    if (steps.purge) await this.purge.run(accountId);
  }
}

/** Cleans up after all disconnected accounts. */
@Injectable()
export class DisconnectedAccounts {
  constructor(
    private readonly rounds: AccountRounds,
    private readonly account: DisconnectedAccount,
  ) {}

  /** Cleans up after one account after the other. Logs errors, never throws them. */
  async cleanUpAll(): Promise<void> {
    await this.rounds.forEach('uninstall', { status: 'disconnected' }, (account) => this.account.cleanUp(account));
  }
}
