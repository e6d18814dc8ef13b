import { Injectable } from '@nestjs/common';
import { MAX_ROWS_PER_CALL, type Secret, chunksOf, parseAddress, toAccountBlockedError } from '#domain';
import { Keyring } from '#secrets';
import { UnisenderClient, type UnisenderContact } from '#unisender';
import { findUnisenderKey } from '../tokens/sealing.js';
import { AccountGate } from './account-gate.js';

/** The result of one change. */
export interface UnisenderImportView {
  readonly total: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: readonly { readonly email: string; readonly code: string }[];
}

/** Reads and changes addresses in the Unisender account for the operator. Does not use or change the mirror. */
@Injectable()
export class UnisenderContacts {
  constructor(
    private readonly gate: AccountGate,
    private readonly unisender: UnisenderClient,
    private readonly keyring: Keyring,
  ) {}

  /** Reads an address from Unisender; undefined when it does not exist there. */
  async find(accountId: number, email: string): Promise<UnisenderContact | undefined> {
    const { key } = await this.getAccess(accountId);
    return this.unisender.getContact(key, parseAddress(email).email);
  }

  /** Adds addresses to the list of the account, in calls of at most 500. */
  async add(accountId: number, emails: readonly string[]): Promise<UnisenderImportView> {
    const { key, listId } = await this.getAccess(accountId);
    const lists = listId === null ? '' : String(listId);
    return this.importAll(key, emails, ['email', 'email_list_ids'], (email) => [email, lists]);
  }

  /** Deletes addresses from the Unisender account, in calls of at most 500. */
  async remove(accountId: number, emails: readonly string[]): Promise<UnisenderImportView> {
    const { key } = await this.getAccess(accountId);
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
      const result = await this.unisender.importContacts(key, { fieldNames, rows: chunk.map(toRow) });
      for (const counter of ['total', 'inserted', 'updated', 'deleted'] as const) sum[counter] += result[counter];
      rejected.push(...result.rejected.map(({ index, code }) => ({ email: chunk[index] ?? '', code })));
    }
    return { ...sum, rejected };
  }

  private async getAccess(accountId: number): Promise<{ key: Secret; listId: number | null }> {
    const account = await this.gate.get(accountId, 'call_unisender');
    const key = findUnisenderKey(this.keyring, account);
    if (key) return { key, listId: account.listId };
    throw toAccountBlockedError(accountId, 'unisender_key_missing');
  }
}
