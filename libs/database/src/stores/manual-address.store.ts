import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { executeIn, upsertRows } from '../entity-sql.js';
import { markDirty } from './marks.js';

/** Addresses that the operator adds and removes by hand. Call the methods inside a transaction. */
// SQL by hand: the statements work on sets of addresses.
@Injectable()
export class ManualAddressStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Records that the operator wants these addresses: they become dirty. */
  async add(accountId: number, emails: readonly string[]): Promise<void> {
    const nowMs = this.clock.nowMs();
    await upsertRows(this.database, {
      entity: AddressEntity,
      key: ['accountId', 'email'],
      update: { isManual: 'incoming' },
      rows: emails.map((email) => ({ accountId, email, isManual: true, updatedAt: nowMs })),
    });
    await markDirty(this.database, accountId, emails, { nowMs, cause: 'operator' });
  }

  /** Records that the operator does not want these addresses any more. */
  async forget(accountId: number, emails: readonly string[]): Promise<void> {
    await executeIn(this.database, 'UPDATE addresses SET is_manual = 0 WHERE account_id = ? AND email IN (?)', [accountId], emails);
  }
}
