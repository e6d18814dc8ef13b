import type { DirtyCause } from '#domain';
import type { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { upsertRows } from '../entity-sql.js';
import { markPartsStaleByEmail } from './stale-parts.js';

/** Marks addresses dirty: Unisender may differ from the mirror. An older mark stays, and so does the cause `event` of a dirty address. */
export async function markDirty(
  database: Database,
  accountId: number,
  emails: readonly string[],
  { nowMs, cause }: { readonly nowMs: number; readonly cause: DirtyCause },
): Promise<void> {
  await upsertRows(database, {
    entity: AddressEntity,
    key: ['accountId', 'email'],
    update: {
      // MySQL assigns from left to right: the rule of the cause must see the stored mark.
      dirtyCause: {
        sql: `CASE WHEN addresses.dirty_since IS NOT NULL AND addresses.dirty_cause = 'event' THEN 'event' ELSE '${cause}' END`,
      },
      dirtySince: 'first',
    },
    rows: emails.map((email) => ({ accountId, email, dirtySince: nowMs, dirtyCause: cause, updatedAt: nowMs })),
  });
  await markPartsStaleByEmail(database, accountId, emails);
}
