import { Injectable } from '@nestjs/common';
import { PushedAddressStore } from '#database';
import type { AccountLease } from './account-lease.js';
import { ErasedRefusals } from './erased-refusals.js';

/** Stands before every call that puts addresses on a list: an address that refused mailings does not pass, whatever the caller wants. */
@Injectable()
export class ConsentGate {
  constructor(
    private readonly pushed: PushedAddressStore,
    private readonly erased: ErasedRefusals,
  ) {}

  /**
   * Returns the addresses that may be put on the list now, also those that were erased and came back, and records for these that a row is sent. A refusal that arrives later is
   * never lifted because of this row. Throws TransientError `lease_lost`.
   */
  async admit(lease: AccountLease, listId: number, emails: readonly string[]): Promise<ReadonlySet<string>> {
    return lease.write(async () => {
      await this.restoreErased(lease.accountId, emails);
      const mailable = await this.pushed.lockMailable(lease.accountId, emails);
      await this.pushed.beginPut(lease.accountId, listId, [...mailable]);
      return mailable;
    });
  }

  /** Brings back refusals of addresses that were erased. Call it in a transaction. */
  async restoreErased(accountId: number, emails: readonly string[]): Promise<void> {
    await this.erased.restore(accountId, emails);
  }
}
