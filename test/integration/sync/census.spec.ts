import { describe, expect, it } from '@jest/globals';
import { createHarness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const ACCOUNT_ID = 32_000_001;
/** More than are counted in one statement. */
const CONTACTS = 4_500;

describe.each(testDatabaseKinds())('the census on %s', (kind) => {
  const databases = openTestDatabases(kind);

  const openAccount = async () => {
    const harness = createHarness({ database: await databases.open(), sandbox: { url: 'http://127.0.0.1:9' } });
    await harness.services.installer.saveSetup({
      accountId: ACCOUNT_ID,
      clientId: '0b0123f4-d123-4123-9123-e09f123456ca',
      clientSecret: 'client-secret-of-the-tests-0123456789',
      redirectUri: 'https://sync.example.org/auth',
    });
    return harness;
  };

  it('counts part by part what the account shows as a whole', async () => {
    const { context, services } = await openAccount();
    const rows = Array.from({ length: CONTACTS }, (_, index) => `(${ACCOUNT_ID}, ${(index + 1) * 3}, 0, ${index % 2}, '', '{}', 0)`);
    await context.database.execute(
      `INSERT INTO contacts (account_id, contact_id, is_deleted, passes_filter, name, fields, updated_at) VALUES ${rows.join(',')}`,
    );
    await services.census.run();
    const { contacts } = await context.stores.figures.read();
    expect(contacts).toEqual({ total: CONTACTS, inSync: CONTACTS / 2, excluded: CONTACTS / 2, failing: 0 });
    expect(contacts).toEqual(await context.stores.contactFigures.count(ACCOUNT_ID));
  });

  it('counts an account again only after a while, and forgets it with the account', async () => {
    const { context, services, clock } = await openAccount();
    const uncounted = () => context.stores.contactFigures.listUncounted(clock.nowMs() - 300_000, 10);
    expect(await uncounted()).toEqual([ACCOUNT_ID]);
    await services.census.run();
    expect(await uncounted()).toEqual([]);
    clock.advance(300_001);
    expect(await uncounted()).toEqual([ACCOUNT_ID]);
    await context.database.execute('DELETE FROM accounts');
    expect(await context.database.query('SELECT account_id FROM contact_figures')).toEqual([]);
  });
});
