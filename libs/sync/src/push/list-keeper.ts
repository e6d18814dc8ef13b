import { Injectable } from '@nestjs/common';
import { AccountStore, AddressStore } from '#database';
import { type Secret, chooseList } from '#domain';
import { UnisenderClient, type UnisenderList } from '#unisender';
import type { AccountWork } from './account-work.js';

/** The list to push to. */
export interface EnsuredList {
  readonly listId: number;
  /** It is new for the account and existed in Unisender before: an export must show its addresses and their mailing consents. */
  readonly isPreexisting: boolean;
}

/** Creates and finds the account's Unisender list, and creates the fields that its settings use. */
@Injectable()
export class ListKeeper {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly addresses: AddressStore,
    private readonly accounts: AccountStore,
  ) {}

  /**
   * Finds the account's list: the stored one while it exists, else one with exactly the chosen title, else a new one. When the
   * list changes, every pushed address becomes dirty; its next push takes it off the old list.
   */
  async ensureList({ account, settings, lease }: AccountWork, key: Secret): Promise<EnsuredList> {
    const known = { id: account.listId, title: account.listTitle };
    const lists = await this.unisender.getLists(key);
    const { id, title } = chooseList(lists, { accountId: account.accountId, chosenTitle: settings.listTitle, known });
    if (id !== undefined && id === account.listId) return { listId: id, isPreexisting: false };
    const listId = id ?? (await this.unisender.createList(key, title));
    const isPreexisting = id !== undefined;
    await lease.write(async () => {
      await this.addresses.changeList(account.accountId);
      await this.addresses.forgetLostLists(account.accountId, idsOf(lists));
      await this.accounts.update(account.accountId, { listId, listTitle: title, ...(isPreexisting ? { baselineState: 'none' } : {}) });
    });
    return { listId, isPreexisting };
  }

  /** Forgets old lists that addresses were to be removed from and that no longer exist. Returns true when there were any. */
  async forgetLostLists({ lease }: AccountWork, key: Secret): Promise<boolean> {
    const lists = await this.unisender.getLists(key);
    return lease.write(async () => (await this.addresses.forgetLostLists(lease.accountId, idsOf(lists))) > 0);
  }

  /** Creates the fields of the settings that Unisender does not have: importContacts may refuse or drop unknown ones (reference/unisender.md 4.2). */
  async ensureFields({ settings }: AccountWork, key: Secret): Promise<void> {
    const wanted = [...new Set(Object.values(settings.fields))];
    if (wanted.length === 0) return;
    const present = new Set((await this.unisender.getFields(key)).map(({ name }) => name));
    for (const name of wanted.filter((field) => !present.has(field))) await this.unisender.createField(key, name);
  }
}

const idsOf = (lists: readonly UnisenderList[]): number[] => lists.map(({ id }) => id);
