import { createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type ErasedRefusal, ErasedRefusalStore, MailingConsentStore, PushedAddressStore } from '#database';
import { Secret } from '#domain';
import { Keyring } from '#secrets';
import type { AccountLease } from './account-lease.js';

const KEY_NAME = 'erasure';
const KEY_CONTEXT = `sealed_keys.sealed:${KEY_NAME}`;
const KEY_BYTES = 32;

/** Keeps the refusals of erased addresses without the addresses, and brings them back with the address. */
@Injectable()
export class ErasedRefusals {
  private key: Secret | undefined;

  constructor(
    private readonly erased: ErasedRefusalStore,
    private readonly consents: MailingConsentStore,
    private readonly keyring: Keyring,
  ) {}

  /** Keeps what the address refused under a keyed hash. Call it in the transaction that erases the address. */
  async keep(accountId: number, email: string): Promise<void> {
    const known = await this.consents.findRefusals(accountId, email);
    if (!known) return;
    const [emailHash = ''] = await this.hash([email]);
    await this.erased.save(accountId, { emailHash, ...known });
  }

  /** Brings back refusals of addresses that were erased. Call it in the transaction that uses the addresses. */
  async restore(accountId: number, emails: readonly string[]): Promise<void> {
    if (!(await this.erased.hasAny(accountId))) return;
    const hashes = await this.hash(emails);
    const emailsByHash = new Map(emails.map((email, index) => [hashes[index] ?? '', email]));
    const found = await this.erased.find(accountId, hashes);
    if (found.length === 0) return;
    await this.consents.restore(accountId, toRestored(found, emailsByHash));
    await this.erased.delete(
      accountId,
      found.map(({ emailHash }) => emailHash),
    );
  }

  private async hash(emails: readonly string[]): Promise<string[]> {
    const key = (this.key ??= await this.ensureKey());
    return emails.map((email) => createHmac('sha256', key.reveal()).update(email).digest('hex'));
  }

  /** The key is random and never changes. It is sealed, so that a rotation of the encryption key keeps it. */
  private async ensureKey(): Promise<Secret> {
    const stored = await this.erased.findKey(KEY_NAME);
    if (stored === undefined) {
      const fresh = randomBytes(KEY_BYTES).toString('base64');
      await this.erased.addKey(KEY_NAME, this.keyring.encrypt(fresh, KEY_CONTEXT));
    }
    return this.keyring.decrypt(stored ?? (await this.erased.findKey(KEY_NAME)) ?? '', KEY_CONTEXT);
  }
}

/** Stands before every call that puts addresses on a list: an address that refused mailings does not pass, whatever the caller wants. */
@Injectable()
export class ConsentGate {
  constructor(
    private readonly pushed: PushedAddressStore,
    private readonly erased: ErasedRefusals,
  ) {}

  /**
   * Returns the addresses that may be put on the list now, also those that were erased and came back, and records for these that a row
   * is sent. A refusal that arrives later is never lifted because of this row. Throws TransientError `lease_lost`.
   */
  async admit(lease: AccountLease, listId: number, emails: readonly string[]): Promise<ReadonlySet<string>> {
    return lease.write(async () => {
      await this.restoreErased(lease.accountId, emails);
      return new Set(await this.pushed.beginPut(lease.accountId, listId, emails));
    });
  }

  /** Brings back refusals of addresses that were erased. Call it in a transaction. */
  async restoreErased(accountId: number, emails: readonly string[]): Promise<void> {
    await this.erased.restore(accountId, emails);
  }
}

const toRestored = (found: readonly ErasedRefusal[], emailsByHash: ReadonlyMap<string, string>) =>
  new Map(found.flatMap(({ emailHash, ...refusal }) => [[emailsByHash.get(emailHash) ?? '', refusal] as const]));
