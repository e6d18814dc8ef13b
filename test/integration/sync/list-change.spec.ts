import { beforeEach, describe, expect, it } from '@jest/globals';
import { Secret, TransientError } from '#domain';
import { RunWorker, WidgetSettings } from '#sync';
import { accountForOperator } from '../../support/operator-account.js';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

interface List {
  readonly id: number;
  readonly title: string;
}

describe.each(testDatabaseKinds())('another list title on %s', (kind) => {
  const { enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const listsPath = () => `/unisender/accounts/${account.unisenderKey}/lists`;
  const addList = (list: List) => world.control.post(listsPath(), list);
  const create = (name: string) => account.create({ name, emails: [`${name}@example.com`], hooks: false });
  const importCalls = async () => (await world.control.calls('importContacts')).length;

  /** The names on each list, by its title. */
  const members = async (): Promise<Record<string, string[]>> => {
    const held = [...(await account.held()).values()];
    const onList = ({ id }: List) =>
      held.filter(({ lists }) => lists.some((list) => list.id === id)).map(({ email }) => email.split('@')[0] ?? '');
    return Object.fromEntries((await world.control.get<List[]>(listsPath())).map((list) => [list.title, onList(list).sort()]));
  };

  it('moves addresses that only this service put on the old list, in the same calls', async () => {
    await addList({ id: 7, title: 'Old' });
    await account.addToUnisender({ email: 'stranger@example.com', lists: [7] });
    await account.addToUnisender({ email: 'member@example.com', lists: [7] });
    await account.addToUnisender({ email: 'known@example.com' });
    for (const name of ['anna', 'boris', 'member', 'known', 'left']) await create(name);
    await account.connect({ list_title: 'Old' });
    await account.unsubscribe('left@example.com');
    await world.settle();
    const before = await importCalls();
    expect(await account.retitle('New')).toMatchObject({ state: 'completed', created: 0, updated: 4, rejected: 0 });
    expect(await members()).toEqual({ Old: ['left', 'member', 'stranger'], New: ['anna', 'boris', 'known', 'member'] });
    expect((await importCalls()) - before).toBe(1);
    expect(await account.run('reconcile')).toMatchObject({ created: 0, updated: 0, deleted: 0 });
    expect((await importCalls()) - before).toBe(1);
  });

  it('moves addresses back, and away again', async () => {
    await create('anna');
    await account.connect({ list_title: 'One' });
    for (const title of ['Two', 'One', 'Three']) await account.retitle(title);
    expect(await members()).toEqual({ One: [], Two: [], Three: ['anna'] });
  });

  it('reads first who is on a preexisting list and who unsubscribed from it', async () => {
    await addList({ id: 7, title: 'Theirs' });
    await create('anna');
    await create('boris');
    await account.connect();
    await account.addToUnisender({ email: 'carl@example.com', unsubscribed_lists: [7] });
    await create('carl');
    await account.retitle('Theirs');
    expect(await members()).toEqual({ [`Kommo ${account.accountId}`]: [], Theirs: ['anna', 'boris', 'carl'] });
    expect((await account.held()).get('carl@example.com')?.lists).toEqual([expect.objectContaining({ id: 7, status: 'unsubscribed' })]);
    await account.retitle('Later');
    expect(await members()).toMatchObject({ Theirs: ['carl'], Later: ['anna', 'boris'] });
  });

  it('remembers who unsubscribed from the old list', async () => {
    await create('anna');
    await create('left');
    await account.connect({ list_title: 'One' });
    await world.control.post(`/unisender/accounts/${account.unisenderKey}/unsubscribe`, {
      email: 'left@example.com',
      list_ids: [await account.listId()],
    });
    await world.settle();
    await addList({ id: 99, title: 'Two' });
    await account.retitle('Two');
    expect(await members()).toEqual({ One: ['left'], Two: ['anna'] });
    await account.run('reconcile');
    expect(await members()).toEqual({ One: ['left'], Two: ['anna'] });
  });

  it('takes the address of a deleted contact off the list that it was to leave', async () => {
    await account.addToUnisender({ email: 'known@example.com' });
    const contactId = await create('known');
    await create('anna');
    await account.connect({ list_title: 'One' });
    await account.remove(contactId, { silent: true });
    await account.retitle('Two');
    expect(await members()).toEqual({ One: [], Two: ['anna'] });
    expect((await account.held()).has('known@example.com')).toBe(true);
  });

  it.each(['vanished contacts', 'a changed filter'])('R62: removes addresses because of %s only after a confirmation', async (cause) => {
    const people = Array.from({ length: 15 }, (_, index) => ({ name: `p${index}`, emails: [`p${index}@example.com`], hooks: false }));
    const ids = await account.createMany(people);
    await create('anna');
    await account.connect({ list_title: 'One' });
    if (cause === 'vanished contacts') for (const id of ids) await account.remove(id, { silent: true });
    await world.loseHooks();
    const settings = { list_title: 'Two', ...(cause === 'a changed filter' && { exclude_tags: [], include_tags: ['vip'] }) };
    expect(await account.connect(settings)).toMatchObject({ state: 'waiting_for_confirmation' });
    const { One = [], Two = [] } = await members();
    expect([...One, ...Two].sort()).toEqual(['anna', ...people.map(({ name }) => name)].sort());
    await account.confirmRemovals();
    expect(await members()).toEqual({ One: [], Two: cause === 'a changed filter' ? [] : ['anna'] });
  });

  it('continues when the old list is deleted during the move', async () => {
    await world.control.set({ 'unisender.unknown_list': 'invalid_arg' });
    await create('anna');
    await account.connect({ list_title: 'One' });
    const oldId = await account.listId();
    const widget = world.harness.get(WidgetSettings);
    const runWorker = world.harness.get(RunWorker);
    const unisenderKey = Secret.of(account.unisenderKey);
    const { run } = await widget.saveKey({ account: accountForOperator(account.accountId), unisenderKey, settings: { list_title: 'Two' } });
    await world.control.fault({ target: 'unisender', kind: '503', match: 'importContacts', times: 1 });
    await expect(runWorker.continueRun(run.run_id, new AbortController().signal)).rejects.toBeInstanceOf(TransientError);
    await world.control.send('DELETE', `${listsPath()}/${oldId}`);
    await world.work();
    expect(await members()).toEqual({ Two: ['anna'] });
  });

  it('moves the addresses even when the response is lost', async () => {
    await create('anna');
    await account.connect({ list_title: 'One' });
    await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1, applied: 'after' });
    await account.retitle('Two');
    expect(await members()).toEqual({ One: [], Two: ['anna'] });
    await account.retitle('Three');
    expect(await members()).toEqual({ One: [], Two: [], Three: ['anna'] });
  });
});
