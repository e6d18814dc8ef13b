import { Injectable } from '@nestjs/common';
import { type AccountEntity, AddressStore, type DirtyAddress } from '#database';
import { Clock, Logger, type Secret, ServiceError, TransientError, decideErasure, findAccountHindrance } from '#domain';
import { Keyring } from '#secrets';
import type { AccountLease } from '../push/account-lease.js';
import type { AccountWork } from '../push/account-work.js';
import { ManualCalls } from '../push/manual-addresses.js';
import { findUnisenderKey } from '../tokens/sealing.js';

/**
 * What happened to an erased address in Unisender. `left`: the service did not add it or may not delete it, its owner unsubscribed, or
 * the account may not be used. `none`: Unisender does not have it.
 */
export type ErasureOutcome = 'deleted' | 'left' | 'failed' | 'none';

/** Deletes addresses from Unisender when their personal data is erased. */
@Injectable()
export class UnisenderErasure {
  constructor(
    private readonly addresses: AddressStore,
    private readonly calls: ManualCalls,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Deletes the address if this service added it and its owner did not unsubscribe. Throws TransientError. */
  async erase(lease: AccountLease, account: AccountEntity, email: string): Promise<ErasureOutcome> {
    const record = await this.find(lease, email);
    if (!record) return 'none';
    const isUsable = findAccountHindrance(account, 'sync', this.clock.nowMs()) === undefined;
    const action = decideErasure(record, isUsable);
    if (action === 'none') return 'none';
    const key = action === 'delete' ? findUnisenderKey(this.keyring, account) : undefined;
    return key ? this.delete({ lease, account, key }, record) : 'left';
  }

  private async delete(
    { lease, account, key }: { readonly lease: AccountLease; readonly account: AccountEntity; readonly key: Secret },
    record: DirtyAddress,
  ): Promise<ErasureOutcome> {
    const { signal } = new AbortController();
    const work: AccountWork = { lease, account, settings: account.settings, unisenderKey: key, signal };
    try {
      await this.calls.erase(work, key, record);
    } catch (error) {
      if (!(error instanceof ServiceError) || error instanceof TransientError) throw error;
      this.logger.warn('erased address not deleted in Unisender', { error });
      return 'failed';
    }
    return outcomeOf(await this.find(lease, record.email));
  }

  private async find({ accountId }: AccountLease, email: string): Promise<DirtyAddress | undefined> {
    return (await this.addresses.listWithHolders(accountId, [email]))[0];
  }
}

function outcomeOf(record: DirtyAddress | undefined): ErasureOutcome {
  if (record?.parkStep) return 'failed';
  return record?.state === 'absent' && record.origin === 'unknown' ? 'deleted' : 'left';
}
