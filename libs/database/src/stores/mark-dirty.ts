import type { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { upsertRows } from '../entity-sql.js';

/** Marks addresses dirty: Unisender may differ from the mirror. An older mark stays. */
export async function markDirty(database: Database, accountId: number, emails: readonly string[], nowMs: number): Promise<void> {
  await upsertRows(database, {
    entity: AddressEntity,
    key: ['accountId', 'email'],
    update: { dirtySince: 'first' },
    rows: emails.map((email) => ({ accountId, email, dirtySince: nowMs, updatedAt: nowMs })),
  });
}
