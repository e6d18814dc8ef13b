import { Injectable } from '@nestjs/common';
import type { AccountEntity, HeldAddress } from '#database';
import { Clock, Logger, type Secret, ServiceError, TransientError, decideErasure, findAccountHindrance } from '#domain';
import { Keyring } from '#secrets';
import { UnisenderClient } from '#unisender';
import { findUnisenderKey } from '../tokens/sealing.js';

/**
 * What happened to an erased address in Unisender. `left`: the service did not add it, its owner unsubscribed, or the account may not
 * be used. `none`: Unisender does not have it.
 */
export type ErasureOutcome = 'deleted' | 'left' | 'failed' | 'none';

/** Deletes addresses from Unisender when their personal data is erased. */
@Injectable()
export class UnisenderErasure {
  constructor(
    private readonly unisender: UnisenderClient,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Deletes the address if this service added it and its owner did not unsubscribe. Throws TransientError. */
  async erase(account: AccountEntity, address: HeldAddress): Promise<ErasureOutcome> {
    const isUsable = findAccountHindrance(account, 'sync', this.clock.nowMs()) === undefined;
    const action = decideErasure(address, isUsable);
    if (action === 'none') return 'none';
    const key = action === 'delete' ? findUnisenderKey(this.keyring, account) : undefined;
    return key ? this.delete(key, address.email) : 'left';
  }

  private async delete(key: Secret, email: string): Promise<ErasureOutcome> {
    try {
      const { rejected } = await this.unisender.importContacts(key, { fieldNames: ['email', 'delete'], rows: [[email, '1']] });
      return rejected.length === 0 ? 'deleted' : 'failed';
    } catch (error) {
      if (!(error instanceof ServiceError) || error instanceof TransientError) throw error;
      this.logger.warn('erased address not deleted in Unisender', { error });
      return 'failed';
    }
  }
}
