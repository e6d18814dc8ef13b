import { type DirtyCause, chunksOf } from '#domain';
import type { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { queryIn, upsertRows } from '../entity-sql.js';

/** More contacts mark the ranges between the lowest and the highest id. */
const MAX_SINGLE_IDS = 100;

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

/** Marks the counts of the ranges stale that have these contacts. Call it in the transaction of the change. */
export async function markPartsStale(database: Database, accountId: number, contactIds: readonly number[]): Promise<void> {
  if (contactIds.length === 0) return;
  const unique = [...new Set(contactIds)];
  await markRangesStale(database, accountId, unique.length > MAX_SINGLE_IDS ? [rangeOf(unique)] : unique.map((id) => [id, id] as const));
}

async function markRangesStale(
  database: Database,
  accountId: number,
  ranges: readonly (readonly [lowest: number, highest: number])[],
): Promise<void> {
  for (const chunk of chunksOf(ranges, MAX_SINGLE_IDS)) {
    const condition = chunk.map(() => '(after_id < ? AND up_to_id >= ?)').join(' OR ');
    await database.execute(`UPDATE contact_parts SET is_stale = 1 WHERE account_id = ? AND is_stale = 0 AND (${condition})`, [
      accountId,
      ...chunk.flatMap(([lowest, highest]) => [highest, lowest]),
    ]);
  }
}

/** Marks the counts of the ranges stale whose contacts hold these addresses. */
export async function markPartsStaleByEmail(database: Database, accountId: number, emails: readonly string[]): Promise<void> {
  // More addresses than single ids are looked for: one range per statement, so that not every holder is read.
  const isRange = emails.length > MAX_SINGLE_IDS;
  const columns = isRange ? 'MIN(contact_id) AS lowest, MAX(contact_id) AS highest' : 'contact_id AS lowest, contact_id AS highest';
  const sql = `SELECT ${columns} FROM contact_addresses WHERE account_id = ? AND email IN (?)`;
  const ranges = await queryIn<{ lowest: number | null; highest: number | null }>(database, sql, [accountId], emails);
  const ids = ranges.flatMap(({ lowest, highest }) => (lowest === null || highest === null ? [] : [lowest, highest]));
  if (isRange && ids.length > 0) await markRangesStale(database, accountId, [rangeOf(ids)]);
  else await markPartsStale(database, accountId, ids);
}

/** Marks all counts of the account stale. */
export async function markAllPartsStale(database: Database, accountId: number): Promise<void> {
  await database.execute('UPDATE contact_parts SET is_stale = 1 WHERE account_id = ? AND is_stale = 0', [accountId]);
}

const rangeOf = (ids: readonly number[]): readonly [number, number] => [
  ids.reduce((lowest, id) => Math.min(lowest, id), Infinity),
  ids.reduce((highest, id) => Math.max(highest, id), 0),
];
