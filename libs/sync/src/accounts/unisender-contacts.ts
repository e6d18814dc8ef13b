import { MAX_ROWS_PER_CALL, type Secret, chunksOf, parseAddress, requireUsableAccount, toAccountBlockedError } from '#domain';
import type { UnisenderContact } from '#unisender';
import type { SyncContext } from '../context.js';
import { openUnisenderKey } from '../tokens/sealing.js';

/** What one request of the operator did. */
export interface UnisenderImportView {
  readonly total: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: readonly { readonly email: string; readonly code: string }[];
}

/** The operator's own look and hand at an account's Unisender contacts. */
export class UnisenderContacts {
  constructor(private readonly context: SyncContext) {}

  /** The address as Unisender has it, or undefined. */
  async find(accountId: number, email: string): Promise<UnisenderContact | undefined> {
    const { key } = await this.open(accountId);
    return this.context.unisender.getContact(key, parseAddress(email).email);
  }

  /** Puts addresses on the account's list, in calls of at most 500. */
  async add(accountId: number, emails: readonly string[]): Promise<UnisenderImportView> {
    const { key, listId } = await this.open(accountId);
    const lists = listId === null ? '' : String(listId);
    return this.importAll(key, emails, ['email', 'email_list_ids'], (email) => [email, lists]);
  }

  /** Deletes addresses from the Unisender account, in calls of at most 500. */
  async remove(accountId: number, emails: readonly string[]): Promise<UnisenderImportView> {
    const { key } = await this.open(accountId);
    return this.importAll(key, emails, ['email', 'delete'], (email) => [email, '1']);
  }

  private async importAll(
    key: Secret,
    emails: readonly string[],
    fieldNames: string[],
    toRow: (email: string) => string[],
  ): Promise<UnisenderImportView> {
    const normalised = [...new Set(emails.map((email) => parseAddress(email).email))];
    const sum = { total: 0, inserted: 0, updated: 0, deleted: 0 };
    const rejected: { email: string; code: string }[] = [];
    for (const chunk of chunksOf(normalised, MAX_ROWS_PER_CALL)) {
      const result = await this.context.unisender.importContacts(key, { fieldNames, rows: chunk.map(toRow) });
      for (const counter of ['total', 'inserted', 'updated', 'deleted'] as const) sum[counter] += result[counter];
      rejected.push(...result.rejected.map(({ index, code }) => ({ email: chunk[index] ?? '', code })));
    }
    return { ...sum, rejected };
  }

  private async open(accountId: number): Promise<{ key: Secret; listId: number | null }> {
    const { clock, stores } = this.context;
    const account = requireUsableAccount(await stores.accounts.find(accountId), {
      accountId,
      use: 'call_unisender',
      nowMs: clock.nowMs(),
    });
    const key = openUnisenderKey(this.context, account);
    if (key) return { key, listId: account.listId };
    throw toAccountBlockedError(accountId, 'unisender_key_missing');
  }
}
