import { beforeEach, describe, expect, it } from '@jest/globals';
import { type AddressView, AddressViews, Resync } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

describe.each(testDatabaseKinds())('the addresses of an account on %s', (kind) => {
  const { enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const list = async (filter: Parameters<AddressViews['list']>[1] = {}) => world.harness.get(AddressViews).list(account.accountId, filter);
  const listAll = async (filter: Parameters<AddressViews['list']>[1]) => {
    const all: AddressView[] = [];
    let after: string | undefined;
    do {
      const { addresses, next } = await list({ ...filter, ...(after === undefined ? {} : { after }) });
      all.push(...addresses);
      after = next ?? undefined;
    } while (after !== undefined);
    return all;
  };

  it('are listed by state with the reason, in parts and as CSV', async () => {
    await account.addToUnisender({ email: 'left@example.com', status: 'unsubscribed' });
    const ids = await account.createMany([
      { name: 'A', emails: ['a@example.com', 'b@example.com'], hooks: false },
      { name: 'B', emails: ['left@example.com', '444'], hooks: false },
      { name: 'C', emails: ['info@example.com'], hooks: false },
      { name: 'D', emails: ['other@example.com'], tags: ['supplier'], hooks: false },
    ]);
    await account.connect({ exclude_tags: ['supplier'] });
    const failing = await list({ state: 'failing' });
    expect(failing).toMatchObject({
      addresses: [
        { contact_id: ids[1], email: '444', state: 'failing', code: 'no_at_sign' },
        { contact_id: ids[2], email: 'info@example.com', state: 'failing', code: expect.stringMatching(/./) },
      ],
      next: null,
    });
    expect((await list({ state: 'excluded' })).addresses).toMatchObject([
      { email: 'left@example.com', code: 'unsubscribed' },
      { email: 'other@example.com', code: 'filter' },
    ]);
    const inParts = await listAll({ limit: 1 });
    expect(inParts.map(({ email }) => email)).toEqual([
      'a@example.com',
      'b@example.com',
      '444',
      'left@example.com',
      'info@example.com',
      'other@example.com',
    ]);
    expect(inParts.slice(0, 2).every(({ state }) => state === 'in_sync')).toBe(true);
    expect(world.harness.get(AddressViews).toCsv(failing)).toMatch(
      /^contact_id,email,state,code,cause,attempts,since\r\n\d+,444,failing,no_at_sign,/,
    );
  });

  it('R70: are tried again when all that fail are synced again', async () => {
    await account.createMany([{ name: 'A', emails: ['info@example.com', 'a@example.com'], hooks: false }]);
    await account.connect();
    expect(Object.keys(await account.onList())).toEqual(['a@example.com']);
    expect((await list({ state: 'failing' })).addresses).toMatchObject([{ email: 'info@example.com', attempts: 1 }]);
    await world.control.set({ 'unisender.role_filter': false });
    expect(await world.harness.get(Resync).request(account.accountId, { kind: 'all_failing' })).toBe(1);
    await world.settle();
    expect(Object.keys(await account.onList()).sort()).toEqual(['a@example.com', 'info@example.com']);
    expect((await list({ state: 'failing' })).addresses).toEqual([]);
  });

  it('R70: are read and pushed again by a resync of a contact or of one address', async () => {
    const [id] = await account.createMany([{ name: 'A', emails: ['a@example.com', 'b@example.com'], hooks: false }]);
    await account.connect();
    const resync = world.harness.get(Resync);
    await account.change(id ?? 0, { name: 'Changed', hooks: false });
    expect(await resync.request(account.accountId, { kind: 'contact', contactId: id ?? 0 })).toBe(2);
    await world.settle();
    expect(await account.onList()).toEqual({ 'a@example.com': 'Changed', 'b@example.com': 'Changed' });

    await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/contacts?email=a@example.com`);
    expect(await resync.request(account.accountId, { kind: 'address', email: 'A@example.com' })).toBe(1);
    await world.settle();
    expect(Object.keys(await account.onList()).sort()).toEqual(['a@example.com', 'b@example.com']);
    await expect(resync.request(account.accountId, { kind: 'address', email: 'none' })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});
