import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountListStore, AccountStore, AddressStore } from '#database';
import type { NamedList, Secret, SetupChange } from '#domain';
import { UnisenderClient, UnisenderMethodDeniedError, hashKey } from '#unisender';

const MAX_SAMPLES = 20;

/** Finds out which accounts of ours use the same Unisender account. */
@Injectable()
export class UnisenderAccounts {
  constructor(
    private readonly accounts: AccountStore,
    private readonly addresses: AddressStore,
    private readonly lists: AccountListStore,
    private readonly unisender: UnisenderClient,
  ) {}

  /** Returns the lists that are or were the account's in its Unisender account. */
  async listOwn(account: AccountEntity): Promise<NamedList[]> {
    const { listId, listTitle } = account;
    const present = listId === null || listTitle === null ? [] : [{ id: listId, title: listTitle }];
    return [...present, ...(await this.lists.listOurs(account))];
  }

  /** Whether one of the lists has one of up to 20 addresses that we put on a list. Makes a call for each. False without access to contacts. */
  async isSampleOnList({ accountId }: AccountEntity, key: Secret, listIds: readonly number[]): Promise<boolean> {
    if (listIds.length === 0) return false;
    try {
      for (const email of await this.addresses.listPut(accountId, MAX_SAMPLES)) {
        const contact = await this.unisender.getContact(key, email);
        if (contact?.lists.some(({ id }) => listIds.includes(id))) return true;
      }
    } catch (error) {
      if (!(error instanceof UnisenderMethodDeniedError)) throw error;
    }
    return false;
  }

  /** Stores which Unisender account the key belongs to. A former one that may be the same stays in doubt. Call it in a transaction. */
  async assign(account: AccountEntity, key: Secret, { isOtherUnisenderAccount }: SetupChange): Promise<void> {
    const { accountId, unisenderAccountId } = account;
    if (unisenderAccountId !== null && !isOtherUnisenderAccount) return;
    const shared = await this.accounts.findUnisenderAccountOfKey(accountId, hashKey(key));
    await this.accounts.update(accountId, { unisenderAccountId: shared ?? randomUUID(), unisenderDoubtId: unisenderAccountId });
  }

  /** Forgets what was pushed to the former Unisender account, but not who refused. Call it in a transaction. */
  async leave({ accountId }: AccountEntity): Promise<void> {
    await this.accounts.update(accountId, { listId: null, listTitle: null });
    await this.lists.end(accountId);
    await this.addresses.forgetPushed(accountId);
  }
}
