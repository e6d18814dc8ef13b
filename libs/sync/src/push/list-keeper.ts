import { type Secret, chooseList } from '#domain';
import type { UnisenderList } from '#unisender';
import type { SyncContext } from '../context.js';
import type { AccountWork } from './account-work.js';

/** The list to tell to. */
export interface EnsuredList {
  readonly listId: number;
  /** It is not the one used so far and stood there already: who is on it, and who left it, is to be learnt first. */
  readonly isPreexisting: boolean;
}

/** Keeps the account's own Unisender list and the fields its settings map to. */
export class ListKeeper {
  constructor(private readonly context: SyncContext) {}

  /**
   * The account's list: the remembered one while it exists, else one with exactly the chosen title, else a new one. When it
   * is another than before, everything told is told again, which takes it off the old list.
   */
  async ensureList(work: AccountWork, key: Secret): Promise<EnsuredList> {
    const { account, settings, lease } = work;
    const { unisender, stores } = this.context;
    const known = { id: account.listId, title: account.listTitle };
    const lists = await unisender.getLists(key);
    const { id, title } = chooseList(lists, { accountId: account.accountId, chosenTitle: settings.listTitle, known });
    if (id !== undefined && id === account.listId) return { listId: id, isPreexisting: false };
    const listId = id ?? (await unisender.createList(key, title));
    const isPreexisting = id !== undefined;
    await lease.write(async () => {
      await stores.addresses.changeList(account.accountId);
      await stores.addresses.forgetLostLists(account.accountId, idsOf(lists));
      await stores.accounts.update(account.accountId, { listId, listTitle: title, ...(isPreexisting ? { baselineState: 'none' } : {}) });
    });
    return { listId, isPreexisting };
  }

  /** Lets go of lists that addresses were to leave and that someone deleted; true when there were any. */
  async forgetLostLists({ lease }: AccountWork, key: Secret): Promise<boolean> {
    const lists = await this.context.unisender.getLists(key);
    return lease.write(async () => (await this.context.stores.addresses.forgetLostLists(lease.accountId, idsOf(lists))) > 0);
  }

  /** Creates those mapped fields that Unisender does not have: importContacts may refuse or drop unknown ones (reference/unisender.md 4.2). */
  async ensureFields(work: AccountWork, key: Secret): Promise<void> {
    const wanted = [...new Set(Object.values(work.settings.fields))];
    if (wanted.length === 0) return;
    const present = new Set((await this.context.unisender.getFields(key)).map(({ name }) => name));
    for (const name of wanted.filter((field) => !present.has(field))) await this.context.unisender.createField(key, name);
  }
}

const idsOf = (lists: readonly UnisenderList[]): number[] => lists.map(({ id }) => id);
