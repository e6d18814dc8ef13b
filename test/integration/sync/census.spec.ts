import { describe, expect, it } from '@jest/globals';
import { ContactFiguresStore, Database, FigureStore } from '#database';
import { ContactCensus, Integrations } from '#sync';
import { createHarness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const ACCOUNT_ID = 32_000_001;
/** More than one statement counts. */
const CONTACTS = 4_500;

describe.each(testDatabaseKinds())('ContactCensus on %s', (kind) => {
  const databases = openTestDatabases(kind);

  const openAccount = async () => {
    const harness = await createHarness({ database: await databases.open(), sandbox: { url: 'http://127.0.0.1:9' } });
    await harness.get(Integrations).saveWithAccount({
      accountId: ACCOUNT_ID,
      clientId: '0b0123f4-d123-4123-9123-e09f123456ca',
      clientSecret: 'client-secret-of-the-tests-0123456789',
      redirectUri: 'https://sync.example.org/auth',
    });
    return harness;
  };

  it('counts in parts the same numbers as one query over all contacts', async () => {
    const harness = await openAccount();
    const rows = Array.from({ length: CONTACTS }, (_, index) => `(${ACCOUNT_ID}, ${(index + 1) * 3}, 0, ${index % 2}, '', '{}', 0)`);
    await harness
      .get(Database)
      .execute(
        `INSERT INTO contacts (account_id, contact_id, is_deleted, passes_filter, name, fields, updated_at) VALUES ${rows.join(',')}`,
      );
    const database = harness.get(Database);
    const emails = Array.from({ length: CONTACTS / 2 }, (_, index) => `(${ACCOUNT_ID}, 'p${index}@example.com'`);
    await database.execute(
      `INSERT INTO contact_addresses (account_id, email, contact_id) VALUES ${emails.map((start, index) => `${start}, ${(index * 2 + 2) * 3})`).join(',')}`,
    );
    await database.execute(
      `INSERT INTO addresses (account_id, email, state, updated_at) VALUES ${emails.map((start) => `${start}, 'present', 0)`).join(',')}`,
    );
    await harness.get(ContactCensus).run();
    const { contacts } = await harness.get(FigureStore).read();
    expect(contacts).toEqual({ total: CONTACTS, inSync: CONTACTS / 2, waiting: 0, excluded: CONTACTS / 2, failing: 0 });
    expect(contacts).toEqual(await harness.get(ContactFiguresStore).count(ACCOUNT_ID));
  });

  it('counts an account again after a day; the counts are deleted with the account', async () => {
    const harness = await openAccount();
    const { clock } = harness;
    const uncounted = () => harness.get(ContactFiguresStore).listUncounted(clock.nowMs() - 24 * 3_600_000, 10);
    expect(await uncounted()).toEqual([ACCOUNT_ID]);
    await harness.get(ContactCensus).run();
    expect(await uncounted()).toEqual([]);
    clock.advance(24 * 3_600_000 + 1);
    expect(await uncounted()).toEqual([ACCOUNT_ID]);
    await harness.get(Database).execute('DELETE FROM accounts');
    for (const table of ['contact_figures', 'contact_parts']) {
      expect(await harness.get(Database).query(`SELECT account_id FROM ${table}`)).toEqual([]);
    }
  });
});
