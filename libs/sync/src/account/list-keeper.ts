import { type Secret, chooseList } from '#domain';
import type { SyncContext } from '../context.js';
import type { AccountWork } from './account-work.js';

/** Keeps the account's own Unisender list and the fields its settings map to. */
export class ListKeeper {
  constructor(private readonly context: SyncContext) {}

  /**
   * The id of the account's list: the remembered one while it exists, else one with exactly the chosen title, else a new
   * one. When it is another than before, everything told is told again.
   */
  async ensureList(work: AccountWork, key: Secret): Promise<number> {
    const { account, settings, lease } = work;
    const wish = {
      accountId: account.accountId,
      chosenTitle: settings.listTitle,
      known: { id: account.listId, title: account.listTitle },
    };
    const { id, title } = chooseList(await this.context.unisender.getLists(key), wish);
    const listId = id ?? (await this.context.unisender.createList(key, title));
    if (listId === account.listId) return listId;
    await lease.write(async (tx) => {
      await this.context.stores.addresses.markAllToldDirty(tx, account.accountId);
      await this.context.stores.accounts.update(account.accountId, { listId, listTitle: title }, tx);
    });
    return listId;
  }

  /** Creates those mapped fields that Unisender does not have: importContacts may refuse or drop unknown ones (reference/unisender.md 4.2). */
  async ensureFields(work: AccountWork, key: Secret): Promise<void> {
    const wanted = [...new Set(Object.values(work.settings.fields))];
    if (wanted.length === 0) return;
    const present = new Set((await this.context.unisender.getFields(key)).map(({ name }) => name));
    for (const name of wanted.filter((field) => !present.has(field))) await this.context.unisender.createField(key, name);
  }
}
