import type { Database } from '#database';
import { insertNumbered } from '../plans/loaded-database.js';

/** One address in so many is not valid. */
const INVALID_EVERY = 100;
const PART_SIZE = 1_000;

/**
 * Adds `count` contacts with one address each to an account by SQL: in sync, but for one in a hundred. `count` is a multiple of 1,000. The
 * counts are those that the service keeps.
 */
export async function addContacts(database: Database, accountId: number, count: number, nowMs: number): Promise<void> {
  const failing = count / INVALID_EVERY;
  // First the counts: a service that runs counts what has none.
  await insertNumbered(database, 'contact_parts', count / PART_SIZE, (n) => ({
    account_id: String(accountId),
    after_id: `${n} * ${PART_SIZE}`,
    up_to_id: `(${n} + 1) * ${PART_SIZE}`,
    total: String(PART_SIZE),
    in_sync: String(PART_SIZE - PART_SIZE / INVALID_EVERY),
    failing: String(PART_SIZE / INVALID_EVERY),
    is_stale: '0',
  }));
  await insertNumbered(database, 'contact_figures', 1, () => ({
    account_id: String(accountId),
    total: String(count),
    in_sync: String(count - failing),
    excluded: '0',
    failing: String(failing),
    counted_at: String(nowMs),
  }));
  await insertNumbered(database, 'contacts', count, (n) => ({
    account_id: String(accountId),
    contact_id: `${n} + 1`,
    name: `'Person ' || ${n}`,
    fields: "'{}'",
    content_hash: "'hash'",
    modified_at_seconds: '1',
    updated_at: '1',
  }));
  await insertNumbered(database, 'contact_addresses', count, (n) => ({
    account_id: String(accountId),
    email: `'person' || ${n} || CASE WHEN ${n} % ${INVALID_EVERY} = 7 THEN '' ELSE '@example.com' END`,
    contact_id: `${n} + 1`,
    invalid_reason: `CASE WHEN ${n} % ${INVALID_EVERY} = 7 THEN 'no_at_sign' END`,
  }));
  await insertNumbered(database, 'addresses', count, (n) => ({
    account_id: String(accountId),
    email: `'person' || ${n} || '@example.com'`,
    origin: "'ours'",
    state: "'present'",
    first_sent_at: '1',
    last_sent_at: '1',
    own_list_id: '5',
    seen_at: '1',
    updated_at: '1',
  }));
}
