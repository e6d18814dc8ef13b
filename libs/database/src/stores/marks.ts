import type { DirtyCause } from '#domain';
import type { Database } from '../database.js';
import { AddressEntity } from '../entities/address.entity.js';
import { executeIn, queryEach, queryIn, upsertAlike } from '../entity-sql.js';

/** More contacts are found by one look at all ranges between the lowest and the highest id. */
const MAX_SOUGHT_IDS = 64;

const END_REMOVALS = `UPDATE addresses SET removal = NULL, removal_run_id = NULL
                       WHERE account_id = ? AND removal IN ('planned', 'held') AND email IN (?)`;

const KEPT_CAUSES = " OR addresses.dirty_since IS NOT NULL OR addresses.dirty_cause = 'event'";

/**
 * What a push leaves of a removal: an approval waits for the deletion of the contacts that hold the address. In the order of the
 * assignments: MySQL assigns from left to right.
 */
export const KEPT_REMOVAL = {
  removalRunId: "CASE WHEN addresses.removal = 'approved' THEN addresses.removal_run_id ELSE NULL END",
  removal: "CASE WHEN addresses.removal = 'approved' AND addresses.removal_run_id IS NOT NULL THEN addresses.removal ELSE NULL END",
} as const;

/** When and why addresses become dirty. */
export interface DirtyMark {
  /** Epoch milliseconds. */
  readonly nowMs: number;
  readonly cause: DirtyCause;
  /** Asks for the removal anew that is planned or waits for a confirmation, without that mark. */
  readonly endsRemovals?: boolean;
  /** Whether an older mark keeps its cause, and `event` stays. */
  readonly keepsCause?: boolean;
  /** Whether an approved removal stays approved: the change did not concern a contact that gives the address a place on the list. */
  readonly keepsApproval?: boolean;
}

/**
 * Marks addresses dirty: Unisender may differ from the mirror. An older mark stays, with the latest cause: what a changed setting removes
 * is counted although a webhook's change of the same contact waits. A removal that is planned or waits for a confirmation keeps its
 * cause. An approval ends: it was about the contacts as they were.
 */
export async function markDirty(
  database: Database,
  accountId: number,
  emails: readonly string[],
  { nowMs, cause, endsRemovals = false, keepsCause = false, keepsApproval = false }: DirtyMark,
): Promise<void> {
  const isWithdrawn = keepsApproval ? '1 = 0' : "addresses.removal = 'approved'";
  const isCauseKept = `addresses.removal IN ('planned', 'held')${keepsCause ? KEPT_CAUSES : ''}`;
  if (endsRemovals) await executeIn(database, END_REMOVALS, [accountId], emails);
  await upsertAlike(database, {
    entity: AddressEntity,
    key: ['accountId', 'email'],
    update: {
      dirtyCause: { sql: `CASE WHEN ${isCauseKept} THEN addresses.dirty_cause ELSE '${cause}' END` },
      dirtySince: 'first',
      // MySQL assigns from left to right.
      removalRunId: { sql: `CASE WHEN ${isWithdrawn} THEN NULL ELSE addresses.removal_run_id END` },
      removal: { sql: `CASE WHEN ${isWithdrawn} THEN NULL ELSE addresses.removal END` },
    },
    common: { accountId, dirtySince: nowMs, dirtyCause: cause, updatedAt: nowMs },
    differing: ['email'],
    values: new Map(emails.map((email) => [email, null])),
  });
  await markPartsStaleByEmail(database, accountId, emails);
}

/** Marks the counts of the ranges stale that have these contacts. Call it in the transaction of the change. */
export async function markPartsStale(database: Database, accountId: number, contactIds: readonly number[]): Promise<void> {
  const ids = [...new Set(contactIds)].sort((a, b) => a - b);
  const starts = ids.length > MAX_SOUGHT_IDS ? await filterStarts(database, accountId, ids) : await seekStarts(database, accountId, ids);
  await executeIn(
    database,
    'UPDATE contact_parts SET is_stale = 1 WHERE account_id = ? AND is_stale = 0 AND after_id IN (?)',
    [accountId],
    [...new Set(starts)],
  );
}

/** The starts of the ranges that have these contacts, by one seek in the primary key for each: an account may have thousands of ranges. */
async function seekStarts(database: Database, accountId: number, ids: readonly number[]): Promise<number[]> {
  const sql = 'SELECT MAX(after_id) AS start FROM contact_parts WHERE account_id = ? AND after_id < ?';
  const rows = await queryEach<{ start: number | null }>(database, sql, [accountId], ids);
  return rows.flatMap(({ start }) => start ?? []);
}

/** As {@link seekStarts}, for ids in ascending order. */
async function filterStarts(database: Database, accountId: number, ids: readonly number[]): Promise<number[]> {
  const [first] = await seekStarts(database, accountId, ids.slice(0, 1));
  const rows = await database.query<{ start: number }>(
    'SELECT after_id AS start FROM contact_parts WHERE account_id = ? AND after_id >= ? AND after_id < ? ORDER BY after_id',
    [accountId, first ?? 0, ids.at(-1) ?? 0],
  );
  let position = 0;
  return ids.flatMap((id) => {
    while ((rows[position + 1]?.start ?? Infinity) < id) position += 1;
    return rows[position]?.start ?? [];
  });
}

/**
 * Whether no count of the account could become stale now. Only on SQLite, where a count and a change never overlap: on MySQL, a count that
 * runs may not be visible yet.
 */
async function areAllStale(database: Database, accountId: number): Promise<boolean> {
  if (database.kind === 'mysql') return false;
  const sql = 'SELECT after_id AS afterId FROM contact_parts WHERE account_id = ? AND is_stale = 0 LIMIT 1';
  return (await database.query(sql, [accountId])).length === 0;
}

/** Marks the counts of the ranges stale whose contacts hold these addresses. */
export async function markPartsStaleByEmail(database: Database, accountId: number, emails: readonly string[]): Promise<void> {
  if (emails.length > MAX_SOUGHT_IDS && (await areAllStale(database, accountId))) return;
  const sql = 'SELECT contact_id AS contactId FROM contact_addresses WHERE account_id = ? AND email IN (?)';
  const holders = await queryIn<{ contactId: number }>(database, sql, [accountId], emails);
  await markPartsStale(
    database,
    accountId,
    holders.map(({ contactId }) => contactId),
  );
}

/** Marks all counts of the account stale. */
export async function markAllPartsStale(database: Database, accountId: number): Promise<void> {
  await database.execute('UPDATE contact_parts SET is_stale = 1 WHERE account_id = ? AND is_stale = 0', [accountId]);
}
