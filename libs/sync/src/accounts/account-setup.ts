import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, Database, LeaseStore } from '#database';
import { type AccountSettings, type NamedList, type Secret, type SetupChange, compareSetups } from '#domain';
import { Keyring } from '#secrets';
import { hashKey } from '#unisender';
import { findUnisenderKey, formerUnisenderKeyContext, unisenderKeyContext } from '../tokens/sealing.js';
import { UnisenderAccounts } from './unisender-accounts.js';

/** A Unisender key and settings that were checked. */
export interface CheckedSetup {
  readonly key: Secret;
  readonly settings: AccountSettings;
  /** The lists of the Unisender account of the key. */
  readonly lists: readonly NamedList[];
}

const idsOf = (lists: readonly NamedList[]): number[] => lists.map(({ id }) => id);

/** Stores the Unisender key and the settings of accounts. */
@Injectable()
export class AccountSetup {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly leases: LeaseStore,
    private readonly unisenderAccounts: UnisenderAccounts,
    private readonly keyring: Keyring,
  ) {}

  /** Returns the stored key, also one that Unisender refuses. */
  findKey(account: AccountEntity): Secret | undefined {
    return findUnisenderKey(this.keyring, account);
  }

  /**
   * Stores key and settings, and resets what they make invalid: the lease of a worker, the baseline, the list and what was pushed.
   * Returns what has changed.
   */
  async save(account: AccountEntity, { key, settings, lists }: CheckedSetup): Promise<SetupChange> {
    const { accountId } = account;
    const formerKey = findUnisenderKey(this.keyring, account);
    const isKeyNew = formerKey?.matches(key.reveal()) !== true;
    const ownLists = isKeyNew ? await this.unisenderAccounts.listOwn(account) : [];
    const renamed = lists.filter(({ id, title }) => ownLists.some((own) => own.id === id && own.title !== title));
    const isSampleOnList = await this.unisenderAccounts.isSampleOnList(account, key, idsOf(renamed));
    const change = compareSetups(account, { settings, isKeyNew, lists, ownLists, isSampleOnList });
    const unisenderKey = this.keyring.encrypt(key.reveal(), unisenderKeyContext(accountId));
    await this.database.transaction(async () => {
      await this.unisenderAccounts.assign(account, key, change);
      await this.accounts.update(accountId, { unisenderKey, unisenderKeyHash: hashKey(key), unisenderBlock: null, settings });
      await this.reset(account, change, formerKey);
    });
    return change;
  }

  private async reset(account: AccountEntity, change: SetupChange, formerKey: Secret | undefined): Promise<void> {
    const { accountId } = account;
    const { isKeyNew, isChanged, isOtherUnisenderAccount } = change;
    if (isChanged) await this.leases.revoke(accountId);
    if (isKeyNew) await this.accounts.update(accountId, { baselineState: 'none' });
    if (!isOtherUnisenderAccount) return;
    await this.unisenderAccounts.leave(account);
    // Its last export shows who left. A key that was refused shows nothing.
    if (!formerKey || account.unisenderBlock !== null) return;
    const formerUnisenderKey = this.keyring.encrypt(formerKey.reveal(), formerUnisenderKeyContext(accountId));
    await this.accounts.keepFormerKey(accountId, formerUnisenderKey);
  }
}
