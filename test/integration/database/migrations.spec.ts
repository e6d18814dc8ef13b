import { describe, expect, it } from '@jest/globals';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

describe.each(testDatabaseKinds())('migrations on %s', (kind) => {
  const databases = openTestDatabases(kind);
  const openEmpty = async () => databases.openAt(await databases.createEmpty());

  it('run up, down and up again, and list what is pending', async () => {
    const database = await openEmpty();
    const names = await database.pendingMigrations();
    expect(names).not.toEqual([]);
    expect(await database.migrate()).toEqual(names);
    expect(await database.pendingMigrations()).toEqual([]);
    for (const _ of names) {
      await database.revertLastMigration();
    }
    expect(await database.pendingMigrations()).toEqual(names);
    expect(await database.migrate()).toEqual(names);
    expect(await database.migrate()).toEqual([]);
  });

  it('create the schema that the entities declare', async () => {
    const database = await openEmpty();
    expect(await database.drift()).not.toEqual([]);
    await database.migrate();
    expect(await database.drift()).toEqual([]);
  });

  it('run once when several processes migrate at the same time', async () => {
    const location = await databases.createEmpty();
    const processes = await Promise.all([1, 2, 3, 4].map(() => databases.openAt(location)));
    const names = await processes[0]?.pendingMigrations();
    const runs = await Promise.all(processes.map((database) => database.migrate()));
    expect(runs.flat()).toEqual(names);
  });

  it('leave a database ready', async () => {
    const database = await databases.open();
    expect(await database.isReady()).toBe(true);
  });
});
