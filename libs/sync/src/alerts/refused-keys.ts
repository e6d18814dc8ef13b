import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, PauseStore } from '#database';
import { Logger, type PauseScope, ServiceError, decideRecheck, hasErrorCode } from '#domain';
import { UnisenderKeyCheck } from '../accounts/unisender-key-check.js';
import { AccountJobs } from '../maintenance/due-accounts.js';

const ACCOUNTS_AT_ONCE = 100;

/** Asks Unisender again about keys that it refused: a key may work again after a payment, or once access is allowed. */
@Injectable()
export class RefusedKeys {
  constructor(
    private readonly accounts: AccountStore,
    private readonly pauses: PauseStore,
    private readonly keys: UnisenderKeyCheck,
    private readonly jobs: AccountJobs,
    private readonly logger: Logger,
  ) {}

  /**
   * Checks the keys that are due: at once, then after 15 minutes, doubling to a day. Ending the pauses of an account makes its key due.
   * Logs what fails now.
   */
  async checkAll(): Promise<void> {
    let after = 0;
    for (;;) {
      const accounts = await this.accounts.listKeyRefused(after, ACCOUNTS_AT_ONCE);
      for (const account of accounts) await this.checkIfDue(account);
      after = accounts.at(-1)?.accountId ?? after;
      if (accounts.length < ACCOUNTS_AT_ONCE) return;
    }
  }

  private async checkIfDue(account: AccountEntity): Promise<void> {
    const scope: PauseScope = { kind: 'key', id: account.unisenderKeyHash ?? '' };
    const pauses = await this.pauses.findActive([scope]);
    if (pauses.some(({ code }) => code === 'unisender_key_refused')) return;
    try {
      await this.keys.checkStored(account);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const isRefused = hasErrorCode(error, 'unisender_key_refused');
      if (isRefused) await this.pauses.change(scope, 'unisender_key_refused', decideRecheck);
      else this.logger.warn('refused key not checked; will retry', { account_id: account.accountId, error });
      return;
    }
    await this.accept(account);
  }

  private async accept({ accountId, unisenderKeyHash }: AccountEntity): Promise<void> {
    if (!(await this.accounts.unblockKey(accountId, unisenderKeyHash ?? ''))) return;
    this.logger.info('Unisender accepts the key again', { account_id: accountId });
    await this.jobs.enqueueIfUsable(accountId);
  }
}
