import { Injectable } from '@nestjs/common';
import { type AccountEntity, type AccountFilter, AccountStore } from '#database';
import { Logger, errorCodeOf } from '#domain';

const PAGE = 200;

/** Reads all accounts of a filter, page by page, in the order of their ids. */
export async function* readAccounts(accounts: AccountStore, filter: Pick<AccountFilter, 'status'> = {}): AsyncGenerator<AccountEntity> {
  for (let after = 0; ;) {
    const page = await accounts.list({ ...filter, after, limit: PAGE });
    yield* page;
    after = page.at(-1)?.accountId ?? after;
    if (page.length < PAGE) return;
  }
}

/** Runs work for many accounts, one after the other. */
@Injectable()
export class AccountRounds {
  constructor(
    private readonly accounts: AccountStore,
    private readonly logger: Logger,
  ) {}

  /** Runs `visit` for each account of a filter. Logs an error of one account under the name of the round and continues. */
  async forEach(round: string, filter: Pick<AccountFilter, 'status'>, visit: (account: AccountEntity) => Promise<unknown>): Promise<void> {
    for await (const account of readAccounts(this.accounts, filter)) {
      try {
        await visit(account);
      } catch (error) {
        this.logger.warn('account failed in a round', { round, account_id: account.accountId, code: errorCodeOf(error), error });
      }
    }
  }
}
