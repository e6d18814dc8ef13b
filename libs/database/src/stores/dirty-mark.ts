import type { Database } from '../database.js';
import { upsertRows } from '../sql.js';

/** Marks addresses as perhaps differing from what Unisender was told; an older mark stands. */
export async function markDirty(database: Database, accountId: number, emails: readonly string[], nowMs: number): Promise<void> {
  if (emails.length === 0) return;
  await upsertRows(database, {
    table: 'addresses',
    columns: ['account_id', 'email', 'dirty_since', 'updated_at'],
    key: ['account_id', 'email'],
    update: { dirty_since: 'first' },
    rows: emails.map((email) => [accountId, email, nowMs, nowMs]),
  });
}
