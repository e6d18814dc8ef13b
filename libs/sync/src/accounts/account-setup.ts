import { Injectable } from '@nestjs/common';
import { type AccountEntity, type AccountPatch, AccountStore, Database, LeaseStore } from '#database';
import { type NamedList, type NewSetup, type Secret, type SettingsPatch, type SetupChange, compareSetups } from '#domain';
import { Keyring } from '#secrets';
import { hashKey } from '#unisender';
import { findUnisenderKey, formerUnisenderKeyContext, unisenderKeyContext } from '../tokens/sealing.js';
import { accountChanged } from './lost-race.js';
import { UnisenderAccounts } from './unisender-accounts.js';

/** A Unisender key and a change of settings that were checked. */
export interface CheckedSetup {
  readonly key: Secret;
  readonly patch: SettingsPatch;
  /** The lists of the Unisender account of the key. */
  readonly lists: readonly NamedList[];
}

/** What database and Unisender show about a key before it is saved. */
interface KeyProof extends Pick<NewSetup, 'isKeyNew' | 'ownLists' | 'isSampleOnList'> {
  readonly formerKey: Secret | undefined;
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
   * Stores the key and changes the settings as they are stored then. Resets what both make invalid: the lease of a worker, the baseline,
   * the list and what was pushed. Returns what has changed. Throws TransientError `account_changed`, and stores nothing, when the key or
   * the lists of the account are not those of `account` any more: the key must be checked again.
   */
  async save(account: AccountEntity, setup: CheckedSetup): Promise<SetupChange> {
    const proof = await this.prove(account, setup);
    return this.database.transaction(async () => this.store(await this.lockUnchanged(account, proof), setup, proof));
  }

  private async prove(account: AccountEntity, { key, lists }: CheckedSetup): Promise<KeyProof> {
    const formerKey = findUnisenderKey(this.keyring, account);
    const isKeyNew = formerKey?.matches(key.reveal()) !== true;
    const ownLists = isKeyNew ? await this.unisenderAccounts.listOwn(account) : [];
    const renamed = lists.filter(({ id, title }) => ownLists.some((own) => own.id === id && own.title !== title));
    const isSampleOnList = await this.unisenderAccounts.isSampleOnList(account, key, idsOf(renamed));
    return { formerKey, isKeyNew, ownLists, isSampleOnList };
  }

  private async lockUnchanged({ accountId, unisenderKeyHash }: AccountEntity, { isKeyNew, ownLists }: KeyProof): Promise<AccountEntity> {
    const present = await this.accounts.findLocked(accountId);
    if (present?.unisenderKeyHash !== unisenderKeyHash) throw accountChanged(accountId);
    const presentLists = isKeyNew ? await this.unisenderAccounts.listOwn(present) : [];
    if (JSON.stringify(presentLists) !== JSON.stringify(ownLists)) throw accountChanged(accountId);
    return present;
  }

  private async store(account: AccountEntity, { key, patch, lists }: CheckedSetup, proof: KeyProof): Promise<SetupChange> {
    const { accountId } = account;
    const settings = patch(account.settings);
    const change = compareSetups(account, { settings, lists, ...proof });
    await this.unisenderAccounts.assign(account, key, change);
    await this.accounts.update(accountId, { settings, unisenderBlock: null, ...(change.isKeyNew ? this.toStoredKey(accountId, key) : {}) });
    await this.reset(account, change, proof.formerKey);
    return change;
  }

  private toStoredKey(accountId: number, key: Secret): Pick<AccountPatch, 'unisenderKey' | 'unisenderKeyHash'> {
    return { unisenderKey: this.keyring.encrypt(key.reveal(), unisenderKeyContext(accountId)), unisenderKeyHash: hashKey(key) };
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
