import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TransientError } from '#domain';
import { AccountSync } from '#sync';
import { UnisenderClient } from '#unisender';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const EMAILS = ['p0@example.com', 'p1@example.com'] as const;

describe.each(testDatabaseKinds())('R50: a refusal that only a look showed, on %s', (kind) => {
  const { clock, enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const connect = async (): Promise<number[]> => {
    const ids = await account.createMany(EMAILS.map((email) => ({ name: 'P', emails: [email], hooks: false })));
    await account.connect();
    return ids;
  };
  const leaveUnheard = async (email: string) => {
    await account.unsubscribe(email, [await account.listId()]);
    await world.loseUnisenderHooks();
  };
  /** Unisender shows no refusal of a list that does not exist any more. */
  const replaceList = async () => {
    await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/lists/${await account.listId()}`);
    await account.run('reconcile');
  };

  it('is kept when the next look has no response', async () => {
    const ids = await connect();
    for (const email of EMAILS) await leaveUnheard(email);
    for (const id of ids) await account.remove(id);
    await world.control.post('/kommo/hooks/flush');
    const client = world.harness.get(UnisenderClient);
    const getContact = client.getContact.bind(client);
    const looks = jest.spyOn(client, 'getContact').mockImplementationOnce(getContact);
    looks.mockRejectedValueOnce(new TransientError('no response', { code: 'unisender_unavailable' }));
    clock.advance(1_000);
    const { signal } = new AbortController();
    await expect(world.harness.get(AccountSync).processEvents(account.accountId, signal)).rejects.toBeInstanceOf(TransientError);
    const [shown = '', hidden = ''] = looks.mock.calls.map(([, email]) => email);
    for (const id of ids) await account.restore(id);
    await replaceList();
    expect(await account.mailedLists(shown)).toEqual([]);
    expect(await account.mailedLists(hidden)).toEqual([await account.listId()]);
  });

  it('is kept when the look was about a row that a response did not explain', async () => {
    const [refused] = EMAILS;
    const [id = 0] = await connect();
    await leaveUnheard(refused);
    await world.control.set({ 'unisender.import_sums': 'no_sums' });
    await account.change(id, { name: 'Renamed' });
    await world.settle();
    await world.control.set({ 'unisender.import_sums': 'true' });
    await replaceList();
    expect(await account.mailedLists(refused)).toEqual([]);
    expect(await account.mailedLists(EMAILS[1])).toEqual([await account.listId()]);
  });
});
