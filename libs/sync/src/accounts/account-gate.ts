import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { type AccountEntity, AccountStore } from '#database';
import { type AccountHindrance, type AccountUse, Clock, findAccountHindrance, requireUsableAccount } from '#domain';

/** Reads accounts and decides by the rule of `libs/domain` whether they may be used. */
@Injectable()
export class AccountGate {
  constructor(
    private readonly accounts: AccountStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Returns the account. Throws AccountBlockedError that says what to do, or TransientError `account_paused`. */
  async get(accountId: number, use: AccountUse): Promise<AccountEntity> {
    const account = await this.accounts.find(accountId);
    return requireUsableAccount(account, { accountId, use, nowMs: this.clock.nowMs(), publicUrl: this.config.publicUrl });
  }

  /** Returns why the account may not be used, or undefined when it may. */
  async findHindrance(accountId: number, use: AccountUse): Promise<AccountHindrance | undefined> {
    return findAccountHindrance(await this.accounts.find(accountId), use, this.clock.nowMs());
  }
}
