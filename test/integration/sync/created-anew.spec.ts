import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UnisenderClient } from '#unisender';
import { openSyncScene } from '../../support/sync-scene.js';
import { testDatabaseKinds } from '../../support/test-databases.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';

const MANY = 25;
const HOUR_SECONDS = 3_600;

describe.each(testDatabaseKinds())('R60: more removals than are looked at one by one, with %s', (kind) => {
  const { enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const create = (count: number) =>
    account.createMany(Array.from({ length: count }, (_, index) => ({ name: 'P', emails: [`p${index}@example.com`], hooks: false })));

  async function removeAll(ids: readonly number[]): Promise<void> {
    for (const id of ids) await account.remove(id);
    await world.settle();
  }

  /** Others delete the addresses in Unisender and create them again. */
  async function createAgain(emails: Iterable<string>, lists: readonly number[]): Promise<void> {
    for (const email of emails) {
      await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/contacts?email=${email}`);
      await account.addToUnisender({ email, lists: [...lists] });
    }
  }

  it.each([
    { offsetMinutes: 0, count: MANY },
    { offsetMinutes: 180, count: 45 },
  ])(
    'addresses that others created anew only leave our list, with exports $offsetMinutes minutes off',
    async ({ offsetMinutes, count }) => {
      const ids = await create(count);
      await account.connect();
      await world.control.set({ 'unisender.clock_offset_seconds': HOUR_SECONDS, 'unisender.export_time_offset_minutes': offsetMinutes });
      await createAgain((await account.held()).keys(), [await account.listId()]);
      await removeAll(ids);
      expect(await account.onList()).toEqual({});
      expect((await account.held()).size).toBe(count);
    },
  );

  it('addresses that others created anew on no list stay there', async () => {
    const ids = await create(MANY);
    await account.connect();
    await world.control.set({ 'unisender.clock_offset_seconds': HOUR_SECONDS });
    await createAgain((await account.held()).keys(), []);
    await removeAll(ids);
    expect((await account.held()).size).toBe(MANY);
  });

  it('an address that refuses while another one is looked at stays', async () => {
    const ids = await create(MANY);
    await account.connect();
    await world.control.set({ 'unisender.clock_offset_seconds': HOUR_SECONDS });
    await createAgain(['p0@example.com'], [await account.listId()]);
    await world.control.set({ 'unisender.clock_offset_seconds': 0 });
    const client = world.harness.get(UnisenderClient);
    const getContact = client.getContact.bind(client);
    jest.spyOn(client, 'getContact').mockImplementationOnce(async (...call) => {
      const contact = await getContact(...call);
      await account.unsubscribe('p1@example.com');
      await world.control.post('/unisender/hooks/flush');
      return contact;
    });
    await removeAll(ids);
    expect([...(await account.held()).keys()].sort()).toEqual(['p0@example.com', 'p1@example.com']);
  });

  it.each([-300, 300])('addresses of ours are deleted, with exports %i minutes off', async (offsetMinutes) => {
    await world.control.set({ 'unisender.export_time_offset_minutes': offsetMinutes });
    const ids = await create(45);
    await account.connect();
    await removeAll(ids);
    expect((await account.held()).size).toBe(0);
  });

  it('addresses of ours are deleted when exports show no time', async () => {
    await world.control.set({ 'unisender.added_at': 'absent' });
    const ids = await create(MANY);
    await account.connect();
    await removeAll(ids);
    expect((await account.held()).size).toBe(0);
  });
});
