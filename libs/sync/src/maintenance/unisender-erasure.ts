import { Injectable } from '@nestjs/common';
import { type AccountEntity, AddressStore, type DirtyAddress } from '#database';
import { Clock, Logger, type Secret, ServiceError, TransientError, decideErasure, findAccountHindrance, toIsoTime } from '#domain';
import { Keyring } from '#secrets';
import type { AccountLease } from '../push/account-lease.js';
import type { AccountWork } from '../push/account-work.js';
import { ManualCalls } from '../push/manual-addresses.js';
import { findUnisenderKey } from '../tokens/sealing.js';

/**
 * What happened to an erased address in Unisender. `left`: the service did not add it or may not delete it, its owner unsubscribed, or
 * the account may not be used. It has left our list if the service may have put it there. `none`: neither the service nor a call
 * without a response put it in Unisender.
 */
export type ErasureOutcome = 'deleted' | 'left' | 'failed' | 'none';

/** Removes addresses from Unisender when their personal data is erased. */
@Injectable()
export class UnisenderErasure {
  constructor(
    private readonly addresses: AddressStore,
    private readonly calls: ManualCalls,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Removes the address if this service added it or may have added it, and its owner did not unsubscribe. Throws TransientError, with
   * `unisender_call_open` while an earlier call may still put the address there: nothing would know of it after the erasure.
   */
  async erase(lease: AccountLease, account: AccountEntity, email: string): Promise<ErasureOutcome> {
    const record = await this.find(lease, email);
    if (!record) return 'none';
    const isUsable = findAccountHindrance(account, 'sync', this.clock.nowMs()) === undefined;
    const action = decideErasure(record, isUsable);
    if (action === 'none') return 'none';
    const key = action === 'remove' ? findUnisenderKey(this.keyring, account) : undefined;
    if (!key) return 'left';
    await this.assertSettled(lease, email);
    return this.remove({ lease, account, key }, record);
  }

  private async assertSettled({ accountId }: AccountLease, email: string): Promise<void> {
    const openUntilMs = await this.addresses.findOpenCall(accountId, email);
    if (openUntilMs === undefined) return;
    throw new TransientError(
      `A call about this address may take effect in Unisender until ${toIsoTime(openUntilMs)}: erase it after that`,
      {
        code: 'unisender_call_open',
        retryAfterMs: Math.max(0, openUntilMs - this.clock.nowMs()),
      },
    );
  }

  private async remove(
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
    return outcomeOf(record, await this.find(lease, record.email));
  }

  private async find({ accountId }: AccountLease, email: string): Promise<DirtyAddress | undefined> {
    return (await this.addresses.listWithHolders(accountId, [email]))[0];
  }
}

function outcomeOf(before: DirtyAddress, after: DirtyAddress | undefined): ErasureOutcome {
  if (after?.parkStep) return 'failed';
  const isGone = after?.state === 'absent' && after.origin === 'unknown' && after.firstSentAt === null;
  if (!isGone) return 'left';
  return before.state === 'present' ? 'deleted' : 'none';
}
