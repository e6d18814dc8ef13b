import type { Database } from '#database';
import { Keyring } from '#secrets';
import { ENCRYPTION_KEY } from './sync-harness.js';

/** The account that {@link fillLargeAccount} creates. */
export const LARGE_ACCOUNT_ID = 32_000_001;

/** Texts that databases treat differently: case, accents, characters of four bytes, quotes, escapes, control characters. */
const oddTexts = [
  'Anna',
  'anna',
  'änna',
  'Ａnna',
  '😀 "quoted" \\ \'single\'',
  'line\nbreak\ttab',
  '\u0001',
  '',
  '{"json":[1,null,true]}',
  'ß',
];

const ODD_FROM_ID = 9_000_000_000_000;

async function addOddContacts(database: Database): Promise<void> {
  for (const [index, text] of oddTexts.entries()) {
    await database.execute(
      `INSERT INTO contacts (account_id, contact_id, is_deleted, passes_filter, name, fields, snapshot, tags, modified_at_seconds, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [LARGE_ACCOUNT_ID, ODD_FROM_ID + index, index % 2, (index + 1) % 2, text, JSON.stringify({ text }), null, text, 0, Number.MAX_SAFE_INTEGER], // prettier-ignore
    );
  }
  for (const email of ['Anna@example.org', 'anna@example.org', 'änna@example.org', 'ANNA@example.org']) {
    await database.execute('INSERT INTO addresses (account_id, email, consent, updated_at) VALUES (?, ?, ?, 1)', [LARGE_ACCOUNT_ID, email, 'mailable']); // prettier-ignore
  }
}

/**
 * Fills a new SQLite database with an account of so many contacts with one address each and a few odd texts. Its secrets are encrypted with
 * the key of the tests.
 */
// SQL by hand: a hundred thousand contacts in a second.
export async function fillLargeAccount(database: Database, contacts: number): Promise<void> {
  const keyring = new Keyring(ENCRYPTION_KEY);
  const sealed = (column: string, key: string | number) => keyring.encrypt(`the secret of ${column}`, `${column}:${key}`);
  await database.transaction(async () => {
    await database.execute('INSERT INTO integrations (client_id, client_secret, redirect_uri, created_at, updated_at) VALUES (?, ?, ?, 1, 1)', ['client', sealed('integrations.client_secret', 'client'), 'https://sync.example/auth']); // prettier-ignore
    await database.execute(
      `INSERT INTO accounts (account_id, client_id, name, subdomain, host, status, unisender_key, settings, created_at, updated_at)
        VALUES (?, 'client', 'Shop 😀', 'shop', 'shop.kommo.com', 'active', ?, '{"list_title":"Kommo"}', 1, 1)`,
      [LARGE_ACCOUNT_ID, sealed('accounts.unisender_key', LARGE_ACCOUNT_ID)],
    );
    await database.execute('INSERT INTO accesses (account_id, access_token, refresh_token, expires_at, refreshed_at) VALUES (?, ?, ?, 2, 1)', [LARGE_ACCOUNT_ID, sealed('accesses.access_token', LARGE_ACCOUNT_ID), sealed('accesses.refresh_token', LARGE_ACCOUNT_ID)]); // prettier-ignore
    const numbers = `WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${contacts})`;
    await database.execute(
      `INSERT INTO contacts (account_id, contact_id, name, fields, content_hash, updated_at) ${numbers}
        SELECT ${LARGE_ACCOUNT_ID}, n, 'Contact ' || n, '{"Name":"Contact ' || n || '"}', hex(n), 1700000000000 + n FROM numbers`,
    );
    await database.execute(
      `INSERT INTO contact_addresses (account_id, email, contact_id)
        SELECT account_id, 'person' || contact_id || '@example.org', contact_id FROM contacts`,
    );
    await database.execute(
      `INSERT INTO addresses (account_id, email, origin, state, pushed_hash, consent, updated_at)
        SELECT account_id, email, 'ours', 'pushed', hex(contact_id), 'mailable', 1700000000000 FROM contact_addresses`,
    );
    await addOddContacts(database);
  });
}
