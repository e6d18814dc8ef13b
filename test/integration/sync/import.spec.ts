import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountQueries, RunService } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const person = (index: number, emails: readonly string[] = [`p${index}@example.com`]) => ({
  name: `Person ${index}`,
  emails,
  hooks: false,
});

const many = (count: number, emailsOf?: (index: number) => string[]) =>
  Array.from({ length: count }, (_, index) => person(index, emailsOf?.(index)));

describe.each(testDatabaseKinds())('import on %s', (kind) => {
  const { enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const pageCalls = async () => (await world.control.calls('/api/v4/contacts')).filter(({ method }) => method === 'GET').length;
  const importCalls = async () =>
    world.control.calls('importContacts') as Promise<{ rows: number }[] & Awaited<ReturnType<typeof world.control.calls>>>;

  it('R01: reads 251 contacts in two pages, each once', async () => {
    await account.createMany(many(251));
    const run = await account.connect();
    expect(run).toMatchObject({ state: 'completed', read: 251, created: 251, updated: 0, deleted: 0, rejected: 0 });
    expect(await pageCalls()).toBe(2);
    expect(Object.keys(await account.onList())).toHaveLength(251);
  });

  it('R01: reads 600 contacts, and ends at the page past the end', async () => {
    await account.createMany(many(500));
    const run = await account.connect();
    expect(run).toMatchObject({ state: 'completed', read: 500, created: 500 });
    await account.createMany(many(100, (index) => [`q${index}@example.com`]));
    expect(await account.run('import')).toMatchObject({ state: 'completed', read: 600, created: 100, unchanged: 500 });
  });

  it('R01: completes for an account without contacts', async () => {
    expect(await account.connect()).toMatchObject({ state: 'completed', read: 0, created: 0, error: null });
    expect(await importCalls()).toHaveLength(0);
  });

  it('R02: keeps two accounts with equal ids and e-mails apart', async () => {
    const other = await world.addAccount();
    await account.create({ id: 7, name: 'Mine', emails: ['same@example.com'], hooks: false });
    await other.create({ id: 7, name: 'Theirs', emails: ['same@example.com'], hooks: false });
    await account.connect();
    expect(await account.onList()).toEqual({ 'same@example.com': 'Mine' });
    expect((await other.held()).size).toBe(0);
    await other.connect();
    expect(await other.onList()).toEqual({ 'same@example.com': 'Theirs' });
    expect(await account.onList()).toEqual({ 'same@example.com': 'Mine' });
  });

  it('R03: removes only the one contact that is missing in Kommo, and does not push it again', async () => {
    const ids = await account.createMany(many(3));
    await account.connect();
    await account.remove(ids[1] ?? 0, { silent: true });
    expect(await account.run('reconcile')).toMatchObject({ state: 'completed', deleted: 1, created: 0, updated: 0 });
    expect(Object.keys(await account.onList())).toEqual(['p0@example.com', 'p2@example.com']);
    expect((await account.held()).has('p1@example.com')).toBe(false);
    expect(await account.run('reconcile')).toMatchObject({ deleted: 0, created: 0, updated: 0 });
  });

  it('R04: changes nothing and makes no write call when it is repeated without changes', async () => {
    await account.createMany(many(30));
    await account.connect();
    for (const mode of ['import', 'reconcile'] as const) {
      await world.control.forgetCalls();
      expect(await account.run(mode)).toMatchObject({ state: 'completed', read: 30, created: 0, updated: 0, deleted: 0, unchanged: 30 });
      expect(await importCalls()).toHaveLength(0);
    }
  });

  it('R05: counts rows, not contacts: 900 rows in two calls, 1,200 in three', async () => {
    await account.createMany(many(300, (index) => [0, 1, 2].map((place) => `p${index}.${place}@example.com`)));
    await account.connect();
    expect((await importCalls()).map(({ rows }) => rows)).toEqual([500, 400]);

    const other = await world.addAccount();
    await other.createMany(many(1_200));
    await world.control.forgetCalls();
    await other.connect();
    expect((await importCalls()).map(({ rows }) => rows)).toEqual([500, 500, 200]);
  });

  it('reads further pages while a push waits for Unisender', async () => {
    await account.createMany(many(1_000));
    const connecting = account.connect();
    while ((await pageCalls()) < 1) await world.harness.clock.sleep(5);
    await world.control.set({ 'unisender.delay_ms': 1_000 });
    while ((await pageCalls()) < 4) await world.harness.clock.sleep(5);
    await world.control.set({ 'unisender.delay_ms': 0 });
    const [run] = await world.harness.get(RunService).list(account.accountId);
    expect(run).toMatchObject({ state: 'running', created: 0 });
    expect(await connecting).toMatchObject({ state: 'completed', read: 1_000, created: 1_000, updated: 0, unchanged: 0 });
    expect(Object.keys(await account.onList())).toHaveLength(1_000);
  });

  it('pushes the name of the first holder when later pages share its addresses', async () => {
    const emailsOf = (index: number) => [index % 3 === 0 ? `shared${index % 250}@example.com` : `p${index}@example.com`];
    const ids = await account.createMany(many(1_000, emailsOf));
    const names = (isChanged: (index: number) => boolean) => {
      const entries = ids.map((_, index): [string, string] => [emailsOf(index).join(), `${isChanged(index) ? 'New' : 'Person'} ${index}`]);
      return Object.fromEntries(entries.toReversed());
    };
    expect(await account.connect()).toMatchObject({ state: 'completed', read: 1_000, rejected: 0 });
    expect(await account.onList()).toEqual(names(() => false));
    for (const [index, id] of ids.entries()) if (index % 50 === 0) await account.change(id, { name: `New ${index}`, hooks: false });
    expect(await account.run('reconcile')).toMatchObject({ state: 'completed', read: 1_000, created: 0, rejected: 0 });
    expect(await account.onList()).toEqual(names((index) => index % 50 === 0));
  });

  it('R07: finds EMAIL by its code among any other fields', async () => {
    await account.createMany([
      { name: 'No fields', hooks: false },
      { emails: ['nameless@example.com'], hooks: false },
      { name: 'Phone first', phones: ['+79000000000'], emails: ['phone@example.com'], position: 'Chef', hooks: false },
      { name: 'Three', emails: ['first@example.com', 'second@example.com', 'third@example.com'], hooks: false },
      { name: 'Junk', emails: ['444', ' SPACED@Example.com '], hooks: false },
    ]);
    const run = await account.connect();
    expect(run).toMatchObject({ read: 5, created: 6, rejected: 1 });
    expect(await account.onList()).toEqual({
      'nameless@example.com': '',
      'phone@example.com': 'Phone first',
      'first@example.com': 'Three',
      'second@example.com': 'Three',
      'third@example.com': 'Three',
      'spaced@example.com': 'Junk',
    });
  });

  it('R09: finds its list by id, then by exact title', async () => {
    await world.control.post(`/unisender/accounts/${account.unisenderKey}/lists`, { title: '12345', id: 7 });
    await world.control.post(`/unisender/accounts/${account.unisenderKey}/lists`, { title: 'Other', id: 123 });
    await account.createMany(many(2));
    await account.connect({ list_title: '123' });
    const lists = await world.control.get<{ id: number; title: string }[]>(`/unisender/accounts/${account.unisenderKey}/lists`);
    const own = lists.find(({ title }) => title === '123');
    expect(own?.id).toBe(await account.listId());
    expect([7, 123]).not.toContain(own?.id);
    expect(Object.keys(await account.onList())).toHaveLength(2);
  });

  it('R10: preserves emoji, Cyrillic and every reserved character', async () => {
    await account.createMany([
      { name: 'Алёна 🦊 Петрова', emails: ['alyona+kommo@example.com'], hooks: false },
      { name: 'A & B = 100% + "C" \\ / <d>', emails: ["o'neil&co%x@example.com"], hooks: false },
    ]);
    await account.connect();
    expect(await account.onList()).toEqual({
      'alyona+kommo@example.com': 'Алёна 🦊 Петрова',
      "o'neil&co%x@example.com": 'A & B = 100% + "C" \\ / <d>',
    });
  });

  it('deletes only addresses that it added; takes preexisting ones off the list', async () => {
    await account.addToUnisender({ email: 'before@example.com', fields: { Name: 'Old' } });
    const [before, ours] = await account.createMany([person(0, ['before@example.com']), person(1, ['ours@example.com'])]);
    await account.connect();
    expect(await account.onList()).toEqual({ 'before@example.com': 'Person 0', 'ours@example.com': 'Person 1' });
    await account.remove(before ?? 0);
    await account.remove(ours ?? 0);
    await world.settle();
    expect(await account.onList()).toEqual({});
    expect([...(await account.held()).keys()]).toEqual(['before@example.com']);
  });

  it('R45: never pushes an address that was unsubscribed before the import', async () => {
    await account.addToUnisender({ email: 'unsubscribed@example.com', status: 'unsubscribed' });
    const [id] = await account.createMany([person(0, ['unsubscribed@example.com'])]);
    expect(await account.connect()).toMatchObject({ created: 0, unchanged: 1 });
    await account.change(id ?? 0, { name: 'Renamed' });
    await world.settle();
    await account.remove(id ?? 0);
    await account.restore(id ?? 0);
    await world.settle();
    await account.run('reconcile');
    expect(await importCalls()).toHaveLength(0);
    expect((await account.held()).get('unsubscribed@example.com')).toMatchObject({ status: 'unsubscribed', lists: [] });
  });

  it('creates the list again when it was deleted, and pushes everything again', async () => {
    await account.createMany(many(3));
    await account.connect();
    await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/lists/${await account.listId()}`);
    await account.create({ name: 'Late', emails: ['late@example.com'] });
    await world.settle();
    expect(Object.keys(await account.onList())).toEqual(['p0@example.com', 'p1@example.com', 'p2@example.com', 'late@example.com']);
  });

  it('a reconciliation adds again what was deleted in Unisender by hand', async () => {
    await account.createMany(many(3));
    await account.connect();
    await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/contacts?email=p1@example.com`);
    expect(await account.run('reconcile')).toMatchObject({ updated: 1, created: 0, deleted: 0 });
    expect(Object.keys(await account.onList()).sort()).toEqual(['p0@example.com', 'p1@example.com', 'p2@example.com']);
  });

  it('does not add a contact again that was deleted while its page was read', async () => {
    const ids = await account.createMany(many(251, (index) => [`p${index}@example.com`, `q${index}@example.com`]));
    await world.control.set({ 'unisender.delay_ms': 400 });
    const connecting = account.connect();
    while ((await pageCalls()) < 2) await world.harness.clock.sleep(5);
    await account.remove(ids[250] ?? 0);
    await world.control.post('/kommo/hooks/flush');
    expect(await connecting).toMatchObject({ state: 'completed' });
    await world.settle();
    expect(Object.keys(await account.onList())).not.toContain('p250@example.com');
    expect(Object.keys(await account.onList())).toHaveLength(500);
  });

  it('waits for confirmation before it removes more than a fifth of the contacts', async () => {
    const ids = await account.createMany(many(120));
    await account.connect();
    for (const id of ids.slice(0, 60)) await account.remove(id, { silent: true });
    const run = await account.run('reconcile');
    expect(run).toMatchObject({ state: 'waiting_for_confirmation', deleted: 0 });
    expect(Object.keys(await account.onList())).toHaveLength(120);
    await world.harness.get(RunService).confirm(run.run_id);
    await world.work();
    expect(await world.getRun(run.run_id)).toMatchObject({ state: 'completed', deleted: 60 });
    expect(Object.keys(await account.onList())).toHaveLength(60);
  });

  it('shows the operator the state of every existing contact', async () => {
    await account.addToUnisender({ email: 'left@example.com', status: 'unsubscribed' });
    await account.addToUnisender({ email: 'stranger@example.com', status: 'unsubscribed' });
    const contacts = [['a@example.com', 'b@example.com'], [], ['left@example.com'], ['444'], ['info@example.com', 'c@example.com']];
    await account.createMany(contacts.map((emails, index) => ({ ...person(index, emails), tags: ['customer'] })));
    await account.createMany([{ ...person(9), tags: ['supplier'] }]);
    await account.connect({ exclude_tags: ['supplier'] });
    const view = await world.harness.get(AccountQueries).find(account.accountId);
    expect(view).toMatchObject({
      contacts: { total: 6, in_sync: 1, waiting: 0, excluded: 3, failing: 2 },
      jobs_waiting: 0,
      active_run_id: null,
    });
  });

  it('a preview changes nothing', async () => {
    const ids = await account.createMany(many(5));
    await account.connect();
    await account.change(ids[0] ?? 0, { name: 'Other', hooks: false });
    await account.remove(ids[1] ?? 0, { silent: true });
    await account.create({ name: 'New', emails: ['new@example.com'], hooks: false });
    await world.control.forgetCalls();
    expect(await account.run('preview')).toMatchObject({ state: 'completed', read: 5, created: 1, updated: 1, deleted: 1, unchanged: 3 });
    expect(await importCalls()).toHaveLength(0);
    expect(await account.run('import')).toMatchObject({ created: 1, updated: 1, deleted: 1 });
  });
});
