import { Injectable } from '@nestjs/common';
import { AccountListStore, AccountStore, AddressStore } from '#database';
import { Clock, type Secret, chooseList, listSettingOf } from '#domain';
import { UnisenderClient, type UnisenderList, UnisenderMethodDeniedError } from '#unisender';
import type { AccountWork } from './account-work.js';

/** The list to push to. */
export interface EnsuredList {
  readonly listId: number;
  /** Another list than before: nothing is pushed to it before an export that is requested now or later. */
  readonly isNew: boolean;
}

/** Creates and finds the account's Unisender list, and creates the fields that its settings use. */
@Injectable()
export class ListKeeper {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly addresses: AddressStore,
    private readonly accounts: AccountStore,
    private readonly accountLists: AccountListStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Finds the account's list (`chooseList`), or creates it. When the list changes, every pushed address becomes dirty; its next push
   * takes it off the old list.
   */
  async ensureList({ account, settings, lease }: AccountWork, key: Secret): Promise<EnsuredList> {
    const known = { id: account.listId, title: account.listTitle, setting: account.listSetting };
    const lists = await this.unisender.getLists(key);
    const { id, title } = chooseList(lists, { accountId: account.accountId, setting: settings, known });
    const listId = id ?? (await this.unisender.createList(key, title));
    const isNew = listId !== account.listId;
    const listDecidedAt = this.clock.nowMs();
    await lease.write(async () => {
      if (isNew) await this.addresses.changeList(account.accountId);
      if (isNew) await this.addresses.forgetLostLists(account.accountId, idsOf(lists));
      await this.accountLists.save({ ...account, listId }, title);
      await this.accounts.update(account.accountId, {
        listId,
        listTitle: title,
        listSetting: listSettingOf(settings),
        ...(isNew ? { baselineState: 'none' as const, listDecidedAt } : {}),
      });
    });
    if (isNew) Object.assign(account, { listId, listDecidedAt, baselineState: 'none' });
    return { listId, isNew };
  }

  /** Forgets old lists that addresses were to be removed from and that no longer exist. Returns true when there were any. */
  async forgetLostLists({ lease }: AccountWork, key: Secret): Promise<boolean> {
    const lists = await this.unisender.getLists(key);
    return lease.write(async () => (await this.addresses.forgetLostLists(lease.accountId, idsOf(lists))) > 0);
  }

  /**
   * Creates the fields of the settings that Unisender does not have: importContacts may refuse or drop unknown ones
   * (reference/unisender.md 4.2). Returns whether one was missing. Without access to fields it creates none.
   */
  async ensureFields(work: AccountWork, key: Secret): Promise<boolean> {
    try {
      return await this.createMissingFields(work, key);
    } catch (error) {
      if (!(error instanceof UnisenderMethodDeniedError)) throw error;
      return false;
    }
  }

  private async createMissingFields({ settings }: AccountWork, key: Secret): Promise<boolean> {
    const wanted = [...new Set(Object.values(settings.fields))];
    if (wanted.length === 0) return false;
    const present = new Set((await this.unisender.getFields(key)).map(({ name }) => name));
    const missing = wanted.filter((field) => !present.has(field));
    for (const name of missing) await this.unisender.createField(key, name);
    return missing.length > 0;
  }
}

const idsOf = (lists: readonly UnisenderList[]): number[] => lists.map(({ id }) => id);
