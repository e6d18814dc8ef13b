import type { AccountRow } from '#database';
import { InvalidInputError } from '#domain';
import type { SyncContext } from '../context.js';

/** The account that a caller names. Throws InvalidInputError `account_unknown`. */
export async function getAccount({ stores }: SyncContext, accountId: number): Promise<AccountRow> {
  const account = await stores.accounts.find(accountId);
  if (account) return account;
  throw new InvalidInputError(`account ${accountId} is not known`, {
    code: 'account_unknown',
    fields: [{ field: 'id', problem: 'is not a known account' }],
  });
}
