import { Injectable } from '@nestjs/common';
import type { DirtyAddress } from '#database';
import { JobQueue, type Secret, parseAddress, toAccountBlockedError } from '#domain';
import { Keyring } from '#secrets';
import { UnisenderClient, type UnisenderContact } from '#unisender';
import { type AccountWork, AccountWorkRunner } from '../push/account-work.js';
import { ManualAddresses } from '../push/manual-addresses.js';
import { findUnisenderKey } from '../tokens/sealing.js';
import { AccountGate } from './account-gate.js';

/** Why an address was not changed as the operator wanted. `waiting`: it is done later, by itself. */
export type UnchangedReason = 'unsubscribed' | 'blocked' | 'preexisting' | 'held_by_contact' | 'invalid' | 'waiting';

/** What became of one address that the operator wanted to add or delete. */
export interface ContactResult {
  readonly email: string;
  readonly result: 'done' | 'skipped' | 'failed';
  readonly reason: UnchangedReason | null;
}

/** Changes addresses for the operator, under the account's lease. */
@Injectable()
export class OperatorChanges {
  constructor(
    private readonly runner: AccountWorkRunner,
    private readonly manual: ManualAddresses,
    private readonly queue: JobQueue,
  ) {}

  /** See {@link UnisenderContacts.add}. */
  async add(accountId: number, emails: readonly string[]): Promise<ContactResult[]> {
    const { valid, invalid } = sortEmails(emails);
    const records = await this.run(accountId, (work, key) => this.manual.add(work, key, valid));
    const results = valid.map((email) => addedResult(email, records.get(email)));
    if (results.some(({ reason }) => reason === 'waiting')) await this.queue.put({ tube: 'contacts', payload: { account_id: accountId } });
    return inOrder(emails, [...results, ...invalid]);
  }

  /** See {@link UnisenderContacts.remove}. */
  async remove(accountId: number, emails: readonly string[]): Promise<ContactResult[]> {
    const { valid, invalid } = sortEmails(emails);
    const { before, after } = await this.run(accountId, (work, key) => this.manual.remove(work, key, valid));
    const results = valid.map((email) => removedResult(email, before.get(email), after.get(email)));
    return inOrder(emails, [...results, ...invalid]);
  }

  private async run<Result>(accountId: number, change: (work: AccountWork, key: Secret) => Promise<Result>): Promise<Result> {
    return this.runner.run(accountId, new AbortController().signal, async (work) => {
      if (work.unisenderKey) return change(work, work.unisenderKey);
      const hasKey = work.account.unisenderKey !== null;
      throw toAccountBlockedError(accountId, hasKey ? 'unisender_key_refused' : 'unisender_key_missing');
    });
  }
}

/** Reads addresses from the Unisender account for the operator, and changes them through the gates of every push. */
@Injectable()
export class UnisenderContacts {
  constructor(
    private readonly gate: AccountGate,
    private readonly unisender: UnisenderClient,
    private readonly keyring: Keyring,
    private readonly changes: OperatorChanges,
  ) {}

  /** Reads an address from Unisender; undefined when it does not exist there. */
  async find(accountId: number, email: string): Promise<UnisenderContact | undefined> {
    const account = await this.gate.get(accountId, 'call_unisender');
    const key = findUnisenderKey(this.keyring, account);
    if (key) return this.unisender.getContact(key, parseAddress(email).email);
    throw toAccountBlockedError(accountId, 'unisender_key_missing');
  }

  /**
   * Adds addresses to the list of the account, in calls of at most 500. One that refused mailings is skipped. No reconciliation removes
   * the others. Throws TransientError and AccountBlockedError.
   */
  async add(accountId: number, emails: readonly string[]): Promise<ContactResult[]> {
    await this.gate.get(accountId, 'call_unisender');
    return this.changes.add(accountId, emails);
  }

  /**
   * Deletes addresses that the service put into the Unisender account, in calls of at most 500, and takes others off its list. Skips
   * those that contacts hold, that refused mailings, or that the service never pushed. Throws TransientError and AccountBlockedError.
   */
  async remove(accountId: number, emails: readonly string[]): Promise<ContactResult[]> {
    await this.gate.get(accountId, 'call_unisender');
    return this.changes.remove(accountId, emails);
  }
}

function sortEmails(emails: readonly string[]): { valid: string[]; invalid: ContactResult[] } {
  const parsed = emails.map((raw) => ({ raw, ...parseAddress(raw) }));
  const invalid = parsed
    .filter(({ invalidReason }) => invalidReason !== null)
    .map(({ raw }): ContactResult => ({ email: raw, result: 'failed', reason: 'invalid' }));
  const valid = parsed.filter(({ invalidReason }) => invalidReason === null).map(({ email }) => email);
  return { valid: [...new Set(valid)], invalid };
}

/** Each result once, in the order of the request. */
function inOrder(emails: readonly string[], results: readonly ContactResult[]): ContactResult[] {
  const byEmail = new Map(results.map((result) => [result.email, result]));
  const names = emails.map((raw) => (byEmail.has(raw) ? raw : parseAddress(raw).email));
  return [...new Set(names)].flatMap((name) => byEmail.get(name) ?? []);
}

const refusedResult = (email: string, { consent }: DirtyAddress): ContactResult | undefined =>
  consent === 'mailable' ? undefined : { email, result: 'skipped', reason: consent === 'unsubscribed' ? 'unsubscribed' : 'blocked' };

function addedResult(email: string, record: DirtyAddress | undefined): ContactResult {
  if (record?.parkStep === 'put') return { email, result: 'failed', reason: 'invalid' };
  const isOnList = record?.state === 'present' && record.dirtySince === null;
  const done: ContactResult = isOnList ? { email, result: 'done', reason: null } : { email, result: 'failed', reason: 'waiting' };
  return (record && refusedResult(email, record)) ?? done;
}

function removedResult(email: string, before: DirtyAddress | undefined, after: DirtyAddress | undefined): ContactResult {
  const skipped = (reason: UnchangedReason): ContactResult => ({ email, result: 'skipped', reason });
  if (!before || !after) return skipped('preexisting');
  const refused = refusedResult(email, after);
  if (refused) return refused;
  if (before.holder) return skipped('held_by_contact');
  if (before.state === 'absent' && before.verifyAt === null) return skipped('preexisting');
  return after.state === 'absent' ? { email, result: 'done', reason: null } : { email, result: 'failed', reason: 'waiting' };
}
