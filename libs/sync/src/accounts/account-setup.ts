import { Injectable } from '@nestjs/common';
import { type AccountEntity, AccountStore, AddressStore, Database, LeaseStore } from '#database';
import { type AccountSettings, type NamedList, type Secret, type SetupChange, compareSetups } from '#domain';
import { Keyring } from '#secrets';
import { hashKey } from '#unisender';
import { findUnisenderKey, unisenderKeyContext } from '../tokens/sealing.js';

/** A Unisender key and settings that were checked. */
export interface CheckedSetup {
  readonly key: Secret;
  readonly settings: AccountSettings;
  /** The lists of the Unisender account of the key. */
  readonly lists: readonly NamedList[];
}

/** Stores the Unisender key and the settings of accounts. */
@Injectable()
export class AccountSetup {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly leases: LeaseStore,
    private readonly addresses: AddressStore,
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
    const isKeyNew = findUnisenderKey(this.keyring, account)?.matches(key.reveal()) !== true;
    const change = compareSetups(account, { settings, isKeyNew, lists });
    const unisenderKey = this.keyring.encrypt(key.reveal(), unisenderKeyContext(accountId));
    await this.database.transaction(async () => {
      await this.accounts.update(accountId, { unisenderKey, unisenderKeyHash: hashKey(key), unisenderBlock: null, settings });
      await this.reset(accountId, change);
    });
    return change;
  }

  private async reset(accountId: number, { isKeyNew, isChanged, isOtherUnisenderAccount }: SetupChange): Promise<void> {
    if (isChanged) await this.leases.revoke(accountId);
    if (isKeyNew) await this.accounts.update(accountId, { baselineState: 'none' });
    if (!isOtherUnisenderAccount) return;
    await this.accounts.update(accountId, { listId: null, listTitle: null });
    await this.addresses.forgetPushed(accountId);
  }
}
