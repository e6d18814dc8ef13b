import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { ContactStore, Database, EventStore } from '#database';
import { contactVersion } from '../../support/contact-version.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene } from '../api/api-scene.js';

const ACCOUNT_ID = 501;
const EMAIL = 'erased.person@example.org';
const NAME = 'Zebulon Quackenbush';

describe('S09: an erasure with SQLite', () => {
  const databases = openTestDatabases('sqlite');

  it('leaves no byte of the person in the files of the database', async () => {
    const location = await databases.createMigrated();
    if (location.kind !== 'sqlite') throw new Error('SQLite expected');
    const database = await databases.openAt(location);
    const scene = await ApiScene.open({ database });
    await scene.addAccount(ACCOUNT_ID, { unisenderKey: undefined });
    const version = contactVersion({ contactId: 1, name: NAME, emails: [EMAIL], contentHash: 'hash', modifiedAtSeconds: 5 });
    await scene.harness.get(Database).transaction(() => scene.harness.get(ContactStore).save(ACCOUNT_ID, [version], { cause: 'event' }));
    const payload = JSON.stringify({ id: 1, name: NAME, email: EMAIL });
    const event = { source: 'kommo', action: 'update', state: 'waiting', reason: null, contactId: 1, payload } as const;
    await scene.harness.get(EventStore).add(ACCOUNT_ID, [{ ...event, eventId: 'e1', dedupKey: 'e1' }]);
    const occurrences = async () => {
      const files = await Promise.all(['', '-wal', '-shm'].map((suffix) => readFile(location.path + suffix)));
      return files.map((bytes) => bytes.includes(NAME) || bytes.includes(EMAIL));
    };
    expect(await occurrences()).toContain(true);
    const erased = await scene.sendAsOperator('POST', '/operations/erase', { body: { email: EMAIL } });
    expect(erased).toMatchObject({ status: 200, body: { data: { accounts: [{ account_id: ACCOUNT_ID, contacts: 1, events: 1 }] } } });
    expect(await occurrences()).toEqual([false, false, false]);
  });
});

describe('a database file', () => {
  const databases = openTestDatabases('sqlite');

  it('overwrites what is deleted', async () => {
    const database = await databases.open();
    expect(await database.query('PRAGMA secure_delete')).toEqual([{ secure_delete: 1 }]);
  });
});
