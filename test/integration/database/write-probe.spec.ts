import { describe, expect, it } from '@jest/globals';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

describe('the write probe', () => {
  describe.each(testDatabaseKinds())('on %s', (kind) => {
    const databases = openTestDatabases(kind);

    it('succeeds, also when it is repeated', async () => {
      const database = await databases.open();
      expect([await database.probeWrite(), await database.probeWrite()]).toEqual([true, true]);
    });
  });

  describe('on a read-only SQLite database', () => {
    const databases = openTestDatabases('sqlite');

    it('R79: fails while the database only reads, and recovers; a write is a transient error', async () => {
      const database = await databases.open();
      await database.query('PRAGMA query_only = ON');
      expect([await database.isReady(), await database.probeWrite()]).toEqual([true, false]);
      await expect(database.execute('DELETE FROM alerts')).rejects.toMatchObject({ code: 'database_unavailable' });
      await database.query('PRAGMA query_only = OFF');
      expect(await database.probeWrite()).toBe(true);
    });
  });
});
