import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore, GapStore } from '#database';
import { AccountHistory, AllAccounts, KommoInbox, RunService, Sweep } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const MINUTE_MS = 60_000;

describe.each(testDatabaseKinds())('the way from Kommo to the mirror on %s', (kind) => {
  const { clock, enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const reads = () => world.control.calls('/api/v4/contacts');
  const receive = (body: unknown) => world.harness.get(KommoInbox).receive(account.accountId, body);
  const listEvents = () => world.harness.get(AccountHistory).listEvents(account.accountId);
  const work = async () => {
    clock.advance(1_000);
    await world.work();
  };
  const connected = async (...names: string[]): Promise<number[]> => {
    const contacts = names.map((name) => ({ name, emails: [`${name.toLowerCase()}@example.com`], hooks: false }));
    const ids = names.length === 0 ? [] : await account.createMany(contacts);
    await account.connect();
    await world.control.forgetCalls();
    return ids;
  };
  const listRuns = () => world.harness.get(RunService).list(account.accountId);
  const update = (id: number, name: string, change: Readonly<Record<string, unknown>> = {}) => ({
    id: String(id),
    name,
    type: 'contact',
    updated_at: '4000000000',
    custom_fields: [{ id: '1', code: 'EMAIL', values: [{ value: `${name.toLowerCase()}@example.com`, enum: '1' }] }],
    ...change,
  });

  it('R73: applies a delete when Kommo has shown the contact once more', async () => {
    const [id = 0] = await connected('Ann', 'Bob');
    await receive({ contacts: { delete: [{ id: String(id), type: 'contact' }] } });
    await work();
    expect(Object.keys(await account.onList())).toEqual(['ann@example.com', 'bob@example.com']);
    await account.remove(id, { silent: true });
    await world.settle();
    expect(Object.keys(await account.onList())).toEqual(['bob@example.com']);
  });

  it('R73: drops a delete when Kommo still shows the contact after some time', async () => {
    const [id = 0] = await connected('Ann', 'Bob');
    await receive({ contacts: { delete: [{ id: String(id), type: 'contact' }] } });
    await world.settle();
    expect(await reads()).toHaveLength(5);
    expect(Object.keys(await account.onList())).toEqual(['ann@example.com', 'bob@example.com']);
    expect(await listEvents()).toMatchObject([{ state: 'applied', action: 'delete' }]);
  });

  it('R73: takes the state of Kommo when updated_at went back, by webhook and by reconciliation', async () => {
    const [id = 0] = await connected('Ann');
    await account.change(id, { name: 'Imported', updated_at: 1_600_000_000 });
    await world.settle();
    expect(await account.onList()).toEqual({ 'ann@example.com': 'Imported' });
    await account.change(id, { name: 'Back again', updated_at: 1_500_000_000, hooks: false });
    await account.run('reconcile');
    expect(await account.onList()).toEqual({ 'ann@example.com': 'Back again' });
  });

  it.each([
    ['without a time', { updated_at: undefined }],
    ['without a type', { type: undefined }],
  ])('reads a contact from Kommo when its webhook is %s', async (_name, change) => {
    const [id = 0] = await connected('Ann');
    await account.change(id, { name: 'True', hooks: false });
    await receive({ contacts: { update: [update(id, 'Doubtful', change)] } });
    await world.settle();
    expect(await account.onList()).toEqual({ 'ann@example.com': 'True' });
    expect((await reads()).length).toBeGreaterThan(0);
  });

  it('reads a contact from Kommo that is updated or restored after its delete', async () => {
    const [id = 0] = await connected('Ann');
    await account.remove(id);
    await world.settle();
    await receive({ contacts: { update: [update(id, 'Late')] } });
    await world.settle();
    expect(await account.onList()).toEqual({});
    await account.restore(id);
    await world.settle();
    expect(await account.onList()).toEqual({ 'ann@example.com': 'Ann' });
  });

  it('merges the waiting events of one contact into the newest', async () => {
    const [id = 0] = await connected('Ann');
    for (const second of [1, 2, 3]) {
      await receive({ contacts: { update: [update(id, `Ann${second}`, { updated_at: String(4_000_000_000 + second) })] } });
    }
    expect(await listEvents()).toMatchObject([{ state: 'waiting', deliveries: 3 }]);
    await work();
    expect(await account.onList()).toEqual({ 'ann3@example.com': 'Ann3' });
    expect(await reads()).toHaveLength(0);
  });

  it.each(['413', '504'])('R70: a contact that Kommo answers with %s is read again a day later, and stops no other', async (fault) => {
    const ids = await connected('Ann', 'Bob', 'Cid');
    for (const id of ids) await account.change(id, { name: 'New', hooks: false });
    const [refused = 0] = ids;
    await world.control.fault({ target: 'kommo', kind: fault, match: `[]=${refused}` });
    await receive({ contacts: { update: ids.map((id) => update(id, 'Doubtful', { updated_at: undefined })) } });
    await world.settle();
    expect(await account.onList()).toEqual({ 'ann@example.com': 'Ann', 'bob@example.com': 'New', 'cid@example.com': 'New' });
    const parked = (await listEvents()).find(({ contactId }) => contactId === refused);
    expect(parked).toMatchObject({ state: 'waiting', reason: expect.stringContaining(fault) });
    await world.control.send('DELETE', '/faults');
    clock.advance(24 * 60 * MINUTE_MS);
    await world.settle();
    expect((await account.onList())['ann@example.com']).toBe('New');
  });

  it('R70: a contact that Kommo refused to return is read again by a reconciliation', async () => {
    const [refused = 0] = await connected('Ann', 'Bob');
    await world.control.fault({ target: 'kommo', kind: '413', match: `[]=${refused}` });
    await receive({ contacts: { update: [update(refused, 'Doubtful', { updated_at: undefined })] } });
    await world.settle();
    const find = async () => (await listEvents()).find(({ contactId }) => contactId === refused);
    expect(await find()).toMatchObject({ state: 'waiting' });
    await world.control.clearFaults();
    await account.run('reconcile');
    await world.settle();
    expect((await find())?.state).not.toBe('waiting');
  });

  it.each(['502', 'reset'])(
    'R70: a contact whose read fails with %s, while others are read, is read again after seconds',
    async (fault) => {
      const ids = await connected('Ann', 'Bob');
      for (const id of ids) await account.change(id, { name: 'New', hooks: false });
      await world.control.fault({ target: 'kommo', kind: '502', match: 'contacts?page=1', times: 1 });
      await world.control.fault({ target: 'kommo', kind: fault, match: `[]=${ids[0]}`, times: 1 });
      await receive({ contacts: { update: ids.map((id) => update(id, 'Doubtful', { updated_at: undefined })) } });
      await work();
      expect(await account.onList()).toEqual({ 'ann@example.com': 'Ann', 'bob@example.com': 'New' });
      clock.advance(5_001);
      await work();
      expect(await account.onList()).toEqual({ 'ann@example.com': 'New', 'bob@example.com': 'New' });
    },
  );

  it('reads the contacts of a large backlog without order in calls of 250', async () => {
    const contacts = Array.from({ length: 600 }, (_, index) => ({ name: `P${index}`, emails: [`p${index}@example.com`], hooks: false }));
    const ids = await account.createMany(contacts);
    await account.connect();
    await world.control.forgetCalls();
    await receive({ contacts: { update: ids.map((id, index) => update(id, `P${index}`, { updated_at: undefined })) } });
    await work();
    expect((await reads()).map((call) => String((call as { query?: string }).query).split('filter').length - 1)).toEqual([250, 250, 100]);
  });

  it.each(['504', '413', '500'])('R70: a run reads smaller pages when Kommo answers a page with %s', async (kind) => {
    const contacts = Array.from({ length: 60 }, (_, index) => ({ name: `P${index}`, emails: [`p${index}@example.com`], hooks: false }));
    await account.createMany(contacts);
    await world.control.fault({ target: 'kommo', kind, match: 'limit=250' });
    expect(await account.connect()).toMatchObject({ state: 'completed', read: 60, created: 60 });
  });

  it('R70: a run keeps a contact that Kommo does not list, and reads all others', async () => {
    const ids = await connected('Ann', 'Bob', 'Cid', 'Dan');
    for (const id of ids) await account.change(id, { name: 'New', hooks: false });
    await world.control.fault({ target: 'kommo', kind: '504', match: 'page=1&limit=250&order' });
    await world.control.fault({ target: 'kommo', kind: '504', match: 'page=1&limit=50&order' });
    await world.control.fault({ target: 'kommo', kind: '504', match: 'page=1&limit=10&order' });
    await world.control.fault({ target: 'kommo', kind: '504', match: 'page=1&limit=2&order' });
    await world.control.fault({ target: 'kommo', kind: '504', match: 'page=2&limit=1&order' });
    expect(await account.run('reconcile')).toMatchObject({ state: 'completed', deleted: 0 });
    expect(Object.values(await account.onList())).toEqual(['New', 'New', 'New', 'New']);
  });

  it('R76: a gap starts a reconciliation within a minute, and later ones every ten minutes at most', async () => {
    const [id = 0] = await connected('Ann');
    await account.change(id, { name: 'Missed', hooks: false });
    await world.harness.get(KommoInbox).recordUnreadable(account.accountId, 'it is not a form', 'hash-1');
    clock.advance(MINUTE_MS / 2);
    await world.harness.get(Sweep).run();
    await world.work();
    expect(await account.onList()).toEqual({ 'ann@example.com': 'Missed' });
    expect(await listRuns()).toMatchObject([{ mode: 'reconcile', trigger: 'gap', state: 'completed' }, { trigger: 'widget' }]);
    expect(await world.harness.get(GapStore).find(account.accountId)).toBeUndefined();
    await account.change(id, { name: 'Missed again', hooks: false });
    await world.harness.get(KommoInbox).recordUnreadable(account.accountId, 'it is not a form', 'hash-2');
    await world.harness.get(Sweep).run();
    await world.work();
    expect(await listRuns()).toHaveLength(2);
    clock.advance(10 * MINUTE_MS);
    await world.harness.get(Sweep).run();
    await world.work();
    expect(await account.onList()).toEqual({ 'ann@example.com': 'Missed again' });
  });

  it('R76: a gap during a run is not closed by that run', async () => {
    await connected('Ann');
    const gaps = world.harness.get(GapStore);
    await gaps.open(account.accountId, 'before');
    const { run_id } = await world.harness.get(RunService).start({ accountId: account.accountId, mode: 'import', trigger: 'operator' });
    await gaps.beginRead(run_id);
    await gaps.open(account.accountId, 'during');
    await gaps.endRead(account.accountId, run_id);
    expect(await world.harness.get(AccountStore).find(account.accountId)).toMatchObject({ gapCause: 'during', gapNumber: 2 });
  });

  it('R77: polls the changes of an account whose plan has no webhooks, and creates the webhook when it may', async () => {
    await world.control.send('PATCH', `/kommo/accounts/${account.accountId}`, { webhooks_allowed: false });
    const [id = 0] = await connected('Ann', 'Bob');
    const findState = async () => (await world.harness.get(AccountStore).find(account.accountId))?.webhookState;
    expect(await findState()).toBe('unavailable');
    const poll = async () => {
      clock.advance(16 * MINUTE_MS);
      await world.harness.get(Sweep).run();
      await world.work();
    };
    await poll();
    await account.change(id, { name: 'Polled' });
    await account.create({ name: 'Cid', emails: ['cid@example.com'] });
    await poll();
    expect(await account.onList()).toEqual({ 'ann@example.com': 'Polled', 'bob@example.com': 'Bob', 'cid@example.com': 'Cid' });
    await world.control.send('PATCH', `/kommo/accounts/${account.accountId}`, { webhooks_allowed: true });
    await world.harness.get(AllAccounts).checkAll();
    expect(await findState()).toBe('active');
  });

  it('stores an invalid address with its reason and does not push it', async () => {
    await account.createMany([{ name: 'Ann', emails: ['444', 'ann@example.com'], hooks: false }]);
    expect(await account.connect()).toMatchObject({ created: 1, rejected: 1 });
    expect(Object.keys(await account.onList())).toEqual(['ann@example.com']);
  });
});
