import type { Database } from '#database';

/** The account with nearly all rows. */
export const LARGE_ACCOUNT = 32_000_000;

/** How many rows a database gets. */
export interface LoadSize {
  readonly contacts: number;
  readonly events: number;
  readonly accounts: number;
}

const CONTACTS_PER_PART = 50;

const DIGITS =
  '(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)';
const PLACES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** A subquery with the numbers 0 to count − 1 in its column `n`. Portable, and quick for millions. */
function numbers(count: number): string {
  const places = PLACES.slice(0, Math.max(1, Math.ceil(Math.log10(count))));
  const value = places.map((place, index) => `${place}.d * ${10 ** index}`).join(' + ');
  return `(SELECT ${value} AS n FROM ${places.map((place) => `${DIGITS} ${place}`).join(' CROSS JOIN ')}) AS numbers`;
}

/** Inserts rows by one statement. `valuesOf` names the SQL expression of each column; `n` is the row's number, from 0. */
export async function insertNumbered(
  database: Database,
  table: string,
  count: number,
  valuesOf: (n: string) => Readonly<Record<string, string>>,
): Promise<void> {
  const values = valuesOf('n');
  const columns = Object.keys(values).join(', ');
  await database.execute(
    `INSERT INTO ${table} (${columns}) SELECT ${Object.values(values).join(', ')} FROM ${numbers(count)} WHERE n < ${count}`,
  );
}

/** `'<prefix>' || text` in the dialect of the database. */
const join = ({ kind }: Database, ...parts: string[]): string => (kind === 'mysql' ? `CONCAT(${parts.join(', ')})` : parts.join(' || '));

/**
 * Fills an empty database by SQL: accounts, contacts with one address each, and events, of which one in ten waits. Nearly all rows are of
 * one account, so that a statement which reads all rows of an account shows.
 */
export async function loadDatabase(database: Database, { contacts, events, accounts }: LoadSize): Promise<void> {
  const insert = (table: string, columns: string, values: string, count: number) =>
    database.execute(`INSERT INTO ${table} (${columns}) SELECT ${values} FROM ${numbers(count)} WHERE n < ${count}`);
  await database.execute(
    "INSERT INTO integrations (client_id, client_secret, redirect_uri, created_at, updated_at) VALUES ('client', 'x', 'https://a.example', 0, 0)",
  );
  await insert(
    'accounts',
    'account_id, client_id, status, settings, created_at, updated_at',
    `${LARGE_ACCOUNT} + n, 'client', 'active', '', 0, 0`,
    accounts,
  );
  // One row in a hundred is of another account.
  const owner = `${LARGE_ACCOUNT} + CASE WHEN n % 100 = 99 THEN (n / 100) % ${accounts} ELSE 0 END`;
  const accountId = database.kind === 'mysql' ? owner.replace('(n / 100)', '(n DIV 100)') : owner;
  const email = join(database, "'person'", 'n', "'@example.com'");
  await insert(
    'contacts',
    'account_id, contact_id, is_deleted, name, fields, tags, content_hash, modified_at_seconds, updated_at',
    `${accountId}, n + 1, CASE WHEN n % 50 = 7 THEN 1 ELSE 0 END, ${join(database, "'Person '", 'n')}, '{}', '', 'hash', n, n`,
    contacts,
  );
  await insert('contact_addresses', 'account_id, email, contact_id', `${accountId}, ${email}, n + 1`, contacts);
  await insert(
    'addresses',
    'account_id, email, origin, state, first_sent_at, last_sent_at, own_list_id, seen_at, dirty_since, dirty_cause, updated_at',
    `${accountId}, ${email}, 'ours', 'present', 1, 1, 5, 1, CASE WHEN n % 1000 = 3 THEN n ELSE NULL END, 'event', 1`,
    contacts,
  );
  // Contacts of one range in a hundred have changed since they were counted.
  await insert(
    'contact_parts',
    'account_id, after_id, up_to_id, total, in_sync, is_stale',
    `${LARGE_ACCOUNT}, n * ${CONTACTS_PER_PART}, (n + 1) * ${CONTACTS_PER_PART}, 50, 50, CASE WHEN n % 100 = 7 THEN 1 ELSE 0 END`,
    contacts / CONTACTS_PER_PART,
  );
  const eventId = database.kind === 'mysql' ? "CONCAT('e', LPAD(n, 10, '0'))" : "'e' || substr('0000000000' || n, -10, 10)";
  await insert(
    'events',
    'account_id, event_id, source, action, contact_id, payload, dedup_key, state, received_at',
    `${accountId}, ${eventId}, 'kommo', 'update', n + 1, '{}', ${eventId}, CASE WHEN n % 10 = 0 THEN 'waiting' ELSE 'applied' END, n`,
    events,
  );
  await database.execute(
    database.kind === 'mysql' ? 'ANALYZE TABLE accounts, contacts, contact_addresses, contact_parts, addresses, events' : 'ANALYZE',
  );
}
