import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AddressStore, Database } from '#database';
import { listHotPaths } from '../../../bench/plans/hot-paths.js';
import { LARGE_ACCOUNT, loadDatabase } from '../../../bench/plans/loaded-database.js';
import { RecordedDatabase } from '../../../bench/plans/query-plans.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

/** MariaDB estimates the rows, and finds the end of an index while it makes the plan. */
const isSeekOfRange = (step: string): boolean =>
  /COMPOUND|UNION|LEFT-MOST|after_id[<=]\?|optimized away|"UNION RESULT"|"rows":"?[1-4]"?,/.test(step);

const LOAD_WITHIN_MS = 300_000;

describe.each(testDatabaseKinds())('statements over 100,000 contacts and 100,000 events on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let database: Database;
  let recorded: RecordedDatabase;

  beforeAll(async () => {
    database = await Database.open(await databases.createMigrated(), { clock: systemClock });
    await loadDatabase(database, { contacts: 100_000, events: 100_000, accounts: 1_000 });
    recorded = new RecordedDatabase(database);
  }, LOAD_WITHIN_MS);
  afterAll(() => database.close());

  it('never read a whole table', async () => {
    const scans: Record<string, string[]> = {};
    for (const { name, call } of listHotPaths(recorded.database, systemClock)) {
      const found = await recorded.findScans(call);
      if (found.length > 0) scans[name] = found;
    }
    expect(scans).toEqual({});
  });

  it('seek the range of a changed contact instead of reading all ranges', async () => {
    const addresses = new AddressStore(recorded.database, systemClock);
    const emails = [10, 50_000, 90_000].map((n) => `person${n}@example.com`);
    const steps = await recorded.explain(() => addresses.markDirty(LARGE_ACCOUNT, emails, 'event'), 'contact_parts');
    expect(steps.length).toBeGreaterThan(1);
    expect(steps.filter((step) => !isSeekOfRange(step))).toEqual([]);
  });

  it('are found when they read a whole table', async () => {
    const call = () => recorded.database.query("SELECT event_id FROM events WHERE reason = 'x'");
    expect(await recorded.findScans(call)).toHaveLength(1);
    const byManager = () => recorded.database.run(({ manager }) => manager.query('SELECT COUNT(*) FROM contacts WHERE name = ?', ['x']));
    expect(await recorded.findScans(byManager)).toHaveLength(1);
  });
});
