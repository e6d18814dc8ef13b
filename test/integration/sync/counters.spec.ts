import { beforeEach, describe, expect, it } from '@jest/globals';
import { ContactFiguresStore } from '#database';
import { AccountQueries, PersonalData } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

/** Enough for more than one part of the counts. */
const CONTACTS = 2_600;

describe.each(testDatabaseKinds())('counts of contacts on %s', (kind) => {
  const { enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const kept = async () => (await world.harness.get(AccountQueries).find(account.accountId))?.contacts;
  const expectKept = async (contacts: Readonly<Record<string, number>>) => {
    expect(await kept()).toEqual(contacts);
    const { total, inSync, waiting, excluded, failing } = await world.harness.get(ContactFiguresStore).count(account.accountId);
    expect(await kept()).toEqual({ total, in_sync: inSync, waiting, excluded, failing });
  };

  it('do not contain the contacts of an erased person', async () => {
    await account.createMany([
      { name: 'Ada', emails: ['ada@example.com'], hooks: false },
      { name: 'Bob', emails: ['bob@example.com', 'b@example.com'], hooks: false },
    ]);
    await account.connect();
    await expectKept({ total: 2, in_sync: 2, waiting: 0, excluded: 0, failing: 0 });
    const personalData = world.harness.get(PersonalData);
    await personalData.erase({ email: 'ada@example.com', accountId: account.accountId });
    await expectKept({ total: 1, in_sync: 1, waiting: 0, excluded: 0, failing: 0 });
    await personalData.erase({ email: 'bob@example.com', accountId: account.accountId });
    await personalData.erase({ email: 'b@example.com', accountId: account.accountId });
    await expectKept({ total: 0, in_sync: 0, waiting: 0, excluded: 0, failing: 0 });
  });

  it('follow every change of contacts and addresses; their sum is the total', async () => {
    await account.addToUnisender({ email: 'left@example.com', status: 'unsubscribed' });
    const ids = await account.createMany(
      Array.from({ length: CONTACTS }, (_, index) => ({
        name: `P ${index}`,
        emails: [`p${index}@example.com`],
        tags: ['VIP'],
        hooks: false,
      })),
    );
    await account.connect({ include_tags: ['VIP'] });
    await expectKept({ total: CONTACTS, in_sync: CONTACTS, waiting: 0, excluded: 0, failing: 0 });

    await account.remove(ids[0] ?? 0);
    await account.change(ids[1] ?? 0, { tags: [] });
    await account.change(ids[2] ?? 0, { emails: ['444'] });
    await account.change(ids[3] ?? 0, { emails: ['left@example.com'] });
    await account.change(ids[4] ?? 0, { emails: [] });
    await account.unsubscribe('p5@example.com');
    await account.create({ name: 'New', emails: ['new@example.com', 'p9@example.com'], tags: ['VIP'] });
    await world.settle();
    await expectKept({ total: CONTACTS, in_sync: CONTACTS - 5, waiting: 0, excluded: 4, failing: 1 });
  });

  it('show removals that wait for a confirmation as waiting', async () => {
    const ids = await account.createMany(
      Array.from({ length: 30 }, (_, index) => ({ name: `P ${index}`, emails: [`p${index}@example.com`], hooks: false })),
    );
    await account.connect();
    for (const id of ids) await account.remove(id, { silent: true });
    await account.run('reconcile');
    await expectKept({ total: 30, in_sync: 0, waiting: 30, excluded: 0, failing: 0 });
    await account.confirmRemovals();
    await expectKept({ total: 0, in_sync: 0, waiting: 0, excluded: 0, failing: 0 });
  });
});
