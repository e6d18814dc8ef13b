import { Injectable } from '@nestjs/common';
import { Clock, type NamedList, type OurLists } from '#domain';
import { Database } from '../database.js';
import { AccountListEntity } from '../entities/account-list.entity.js';
import type { AccountEntity } from '../entities/account.entity.js';
import { incoming, selectRows, upsertRows } from '../entity-sql.js';

/** The Unisender account of an account that was not given one yet. */
const UNKNOWN_UNISENDER_ACCOUNT = '';

type ListOwner = Pick<AccountEntity, 'accountId' | 'unisenderAccountId' | 'listId'>;

/** Every list that is or was the list of an account. Times are epoch milliseconds. */
// SQL by hand: an upsert keeps the time since which a list is ours.
@Injectable()
export class AccountListStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Returns the lists that are or were the account's, in the present Unisender account and in all. */
  async findOurLists({ accountId, unisenderAccountId, listId }: ListOwner): Promise<OurLists> {
    const rows = await selectRows(this.database, {
      entity: AccountListEntity,
      fields: ['listId', 'unisenderAccountId'],
      tail: 'WHERE account_id = ?',
      params: [accountId],
    });
    const presentIds = listId === null ? [] : [listId];
    const here = rows.filter((row) => row.unisenderAccountId === (unisenderAccountId ?? UNKNOWN_UNISENDER_ACCOUNT));
    return {
      presentId: listId,
      allIds: [...new Set([...here.map((row) => row.listId), ...presentIds])],
      everIds: [...new Set([...rows.map((row) => row.listId), ...presentIds])],
    };
  }

  /** Returns the lists in the present Unisender account that are or were the account's, with their last titles. */
  async listOurs({ accountId, unisenderAccountId }: Omit<ListOwner, 'listId'>): Promise<NamedList[]> {
    const rows = await selectRows(this.database, {
      entity: AccountListEntity,
      fields: ['listId', 'title'],
      tail: 'WHERE account_id = ? AND unisender_account_id = ?',
      params: [accountId, unisenderAccountId ?? UNKNOWN_UNISENDER_ACCOUNT],
    });
    return rows.map(({ listId, title }) => ({ id: listId, title }));
  }

  /** Returns the lists in other Unisender accounts that were the account's. */
  async findFormerLists({ accountId, unisenderAccountId }: Omit<ListOwner, 'listId'>): Promise<OurLists> {
    const rows = await selectRows(this.database, {
      entity: AccountListEntity,
      fields: ['listId'],
      tail: 'WHERE account_id = ? AND unisender_account_id <> ?',
      params: [accountId, unisenderAccountId ?? UNKNOWN_UNISENDER_ACCOUNT],
    });
    const ids = rows.map(({ listId }) => listId);
    return { presentId: null, allIds: ids, everIds: ids };
  }

  /** Records that this list is the account's list from now on, and that the other ones were. Call it in a transaction. */
  async save({ accountId, unisenderAccountId, listId }: ListOwner & { readonly listId: number }, title: string): Promise<void> {
    const nowMs = this.clock.nowMs();
    await this.end(accountId, listId);
    await upsertRows(this.database, {
      entity: AccountListEntity,
      key: ['accountId', 'unisenderAccountId', 'listId'],
      update: incoming('title', 'until'),
      rows: [{ accountId, unisenderAccountId: unisenderAccountId ?? UNKNOWN_UNISENDER_ACCOUNT, listId, title, since: nowMs, until: null }],
    });
  }

  /** Records that the account has none of its lists any more but this one. */
  async end(accountId: number, exceptListId = 0): Promise<void> {
    await this.database.execute('UPDATE account_lists SET until = ? WHERE account_id = ? AND until IS NULL AND list_id <> ?', [
      this.clock.nowMs(),
      accountId,
      exceptListId,
    ]);
  }
}
