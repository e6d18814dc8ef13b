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

  it('refuse a schema that a newer version wrote, and name its migration', async () => {
    const database = await databases.open();
    await database.execute("INSERT INTO migrations (timestamp, name) VALUES (1900000000000, 'Later1900000000000')");
    const refusal = { code: 'bad_configuration', message: expect.stringMatching(/newer version .*Later1900000000000/) };
    await expect(database.migrate()).rejects.toMatchObject(refusal);
    await database.execute("DELETE FROM migrations WHERE name = 'Later1900000000000'");
    expect(await database.migrate()).toEqual([]);
  });

  it('name server and setting when the server refuses the user or the database', async () => {
    const location = await databases.createEmpty();
    if (location.kind === 'sqlite') return;
    const place = `127.0.0.1:${location.port}/`;
    const wrong = { user: { ...location, user: 'sombody' }, schema: { ...location, database: 'nowhere' } };
    await expect(databases.openAt(wrong.user)).rejects.toMatchObject({
      code: 'bad_configuration',
      message: expect.stringMatching(`^DATABASE_URL is refused by ${place}.* for user sombody \\(ER_`),
    });
    await expect(databases.openAt(wrong.schema)).rejects.toMatchObject({ message: expect.stringContaining('ER_BAD_DB_ERROR') });
  });

  it('leave a database ready', async () => {
    const database = await databases.open();
    expect(await database.isReady()).toBe(true);
  });
});
