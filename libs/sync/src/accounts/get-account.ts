import type { AccountEntity, AccountStore } from '#database';
import { InvalidInputError } from '#domain';

/** The account. Throws InvalidInputError `account_unknown`. */
export async function getAccount(accounts: AccountStore, accountId: number): Promise<AccountEntity> {
  const account = await accounts.find(accountId);
  if (account) return account;
  throw new InvalidInputError('Unknown account', {
    code: 'account_unknown',
    fields: [{ field: 'id', problem: 'is not a known account' }],
  });
}
