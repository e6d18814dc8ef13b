import { beforeEach, describe, expect, it } from '@jest/globals';
import { AddressStore, Database } from '#database';
import { AccountSync, RunWorker, UnisenderInbox, RunService } from '#sync';
import { singleEventBody } from '../../../apps/sandbox/src/unisender/webhook-body.js';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const YEAR_SECONDS = 365 * 86_400;

describe('what Unisender refuses, denies or applies late', () => {
  const { clock, enter } = openSyncScene('sqlite');
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const person = (index: number) => ({ name: `P${index}`, emails: [`p${index}@example.com`], hooks: false });
  const create = (count: number) => account.createMany(Array.from({ length: count }, (_, index) => person(index)));
  const refuse = (email: string, place: string, code = 'unspecified') =>
    world.control.post(`/unisender/accounts/${account.unisenderKey}/refusals`, { email, place, code });
  const allow = () => world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/refusals`);
  /** The address has the name "Newer". A call that changes it to "Older" is still to take effect. */
  const renameBeforeLateCall = async () => {
    const [id = 0] = await create(1);
    await account.connect();
    await account.change(id, { name: 'Older' });
    await world.control.fault({ target: 'unisender', kind: 'late', match: 'importContacts', times: 1 });
    await world.settle();
    await account.change(id, { name: 'Newer' });
    await world.settle();
  };
  const find = async (email: string) => (await world.harness.get(AddressStore).listWithHolders(account.accountId, [email]))[0];
  const namesOnList = async () => Object.keys(await account.onList()).sort();

  it.each(['call', 'row', 'silent'])('R70: a row that is refused by its %s stands alone; the others arrive', async (place) => {
    await create(40);
    await refuse('p7@example.com', place);
    await account.connect();
    expect(await namesOnList()).toHaveLength(39);
    expect(await find('p7@example.com')).toMatchObject({ parkStep: 'put', parkAttempts: 1 });
    await allow();
    await account.run('reconcile');
    expect(await namesOnList()).toHaveLength(40);
    expect(await find('p7@example.com')).toMatchObject({ parkStep: null, state: 'present' });
  });

  it('R77: a body that Unisender answers with 413 is halved; the row that is too large alone is parked', async () => {
    await account.createMany([...Array.from({ length: 40 }, (_, index) => person(index)), { ...person(40), name: 'Ж'.repeat(900) }]);
    await world.control.set({ 'unisender.max_body_bytes': 2_000 });
    await account.connect();
    expect(await namesOnList()).toHaveLength(40);
    expect(await find('p40@example.com')).toMatchObject({ parkStep: 'put', parkAttempts: 1 });
    const bodies = (await world.control.calls('importContacts')).map(({ body }) => JSON.stringify(body));
    expect(new Set(bodies).size).toBe(bodies.length);
    await world.control.set({ 'unisender.max_body_bytes': 0 });
    await account.run('reconcile');
    expect(await namesOnList()).toHaveLength(41);
  });

  it('R77: an exclude that Unisender answers with 413 is parked; the others leave the list', async () => {
    const ids = await create(3);
    await account.connect({ delete_policy: 'exclude' });
    await world.control.fault({ target: 'unisender', kind: '413', match: 'exclude', times: 1 });
    for (const id of ids) await account.remove(id);
    await world.settle();
    expect(await namesOnList()).toHaveLength(1);
    const [email = ''] = await namesOnList();
    expect(await find(email)).toMatchObject({ parkStep: 'exclude' });
  });

  it('R70: a parked row is tried again after a day, without a reconciliation', async () => {
    await create(2);
    await refuse('p1@example.com', 'call');
    await account.connect();
    await allow();
    clock.advance(DAY_MS + MINUTE_MS);
    await world.work();
    expect(await namesOnList()).toHaveLength(2);
  });

  it('R70: a refused exclude is parked; the others leave the list', async () => {
    const ids = await create(3);
    await account.connect({ delete_policy: 'exclude' });
    await refuse('p1@example.com', 'exclude');
    for (const id of ids) await account.remove(id);
    await world.settle();
    expect(await namesOnList()).toEqual(['p1@example.com']);
    expect(await find('p1@example.com')).toMatchObject({ parkStep: 'exclude' });
  });

  it('R70: a field that was deleted in Unisender is created again', async () => {
    await world.control.set({ 'unisender.unknown_field': 'invalid_arg' });
    const [id = 0] = await create(1);
    await account.connect();
    await account.change(id, { name: 'Renamed' });
    await world.settle();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Renamed' });
  });

  it.each(['short_total', 'no_log', 'no_sums'])('R71: rows of a response with %s are pushed again until it is explained', async (lie) => {
    await create(3);
    await refuse('p1@example.com', 'row');
    await world.control.set({ 'unisender.import_sums': lie });
    await account.connect();
    expect(await namesOnList()).toEqual(['p0@example.com', 'p2@example.com']);
    expect(await find('p1@example.com')).toMatchObject({ parkStep: 'put', state: 'absent' });
    expect(await find('p0@example.com')).toMatchObject({ parkStep: null, state: 'present' });
  });

  it('R71: an unexplained row that may be on the list leaves it when the list changes', async () => {
    await create(1);
    await refuse('p0@example.com', 'look');
    await world.control.set({ 'unisender.import_sums': 'no_sums' });
    await account.connect();
    expect(await namesOnList()).toEqual(['p0@example.com']);
    expect(await find('p0@example.com')).toMatchObject({ parkStep: 'put', state: 'present' });
    await allow();
    await world.control.set({ 'unisender.import_sums': 'true' });
    await account.retitle('Clients');
    await account.run('reconcile');
    expect((await account.held()).get('p0@example.com')?.lists.map((list) => list.id)).toEqual([await account.listId()]);
  });

  it('R71: an unexplained row that should have erased a name of ours is tried again', async () => {
    const [id = 0] = await create(1);
    await account.connect();
    await account.change(id, { name: '' });
    await refuse('p0@example.com', 'row');
    await world.control.set({ 'unisender.import_sums': 'short_total' });
    await world.settle();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'P0' });
    expect(await find('p0@example.com')).toMatchObject({ parkStep: 'put', writtenFields: ['Name'] });
    await allow();
    await world.control.set({ 'unisender.import_sums': 'true' });
    await account.run('reconcile');
    expect(await account.onList()).toEqual({ 'p0@example.com': '' });
  });

  it.each(['invalid_arg', 'not_enough_money'])('R72: a put that took effect and is refused with %s leaves its list too', async (kind) => {
    await account.connect();
    await create(1);
    await world.control.fault({ target: 'unisender', kind, match: 'importContacts', times: 1, applied: 'after' });
    const runId = await account.saveKey();
    await world.harness
      .get(RunWorker)
      .continueRun(runId, new AbortController().signal)
      .catch(() => undefined);
    expect(await namesOnList()).toEqual(['p0@example.com']);
    await account.retitle('Clients');
    await account.run('reconcile');
    expect((await account.held()).get('p0@example.com')?.lists.map((list) => list.id)).toEqual([await account.listId()]);
  });

  it('R71: a refused syntax is final until an operator tries it again', async () => {
    await create(1);
    await refuse('p0@example.com', 'row', 'e_address__e_syntax');
    await account.connect();
    expect(await find('p0@example.com')).toMatchObject({ parkStep: 'put', retryAt: null });
  });

  it('R72: a put that lands after the removal is found without a reconciliation', async () => {
    await account.connect();
    const [id = 0] = await create(1);
    await account.change(id, { name: 'Short' });
    await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1 });
    await world.settle();
    await account.remove(id);
    await world.settle();
    expect(await namesOnList()).toEqual([]);
    const late = { email: 'p0@example.com', lists: [await account.listId()], fields: { Name: 'Short' } };
    await account.addToUnisender(late);
    clock.advance(16 * MINUTE_MS);
    await world.work();
    expect(await namesOnList()).toEqual([]);
  });

  it('R72: a put that lands after the removal leaves the list although Unisender refuses the look after it', async () => {
    await account.connect();
    const [id = 0] = await create(1);
    await account.change(id, { name: 'Short' });
    await world.control.fault({ target: 'unisender', kind: 'late', match: 'importContacts', times: 1 });
    await world.settle();
    await account.remove(id);
    await world.settle();
    await world.control.post('/faults/late');
    await refuse('p0@example.com', 'look');
    clock.advance(16 * MINUTE_MS);
    await world.work();
    expect(await namesOnList()).toEqual(['p0@example.com']);
    expect(await find('p0@example.com')).toMatchObject({ parkStep: 'look' });
    await allow();
    clock.advance(DAY_MS + MINUTE_MS);
    await world.work();
    expect(await namesOnList()).toEqual([]);
  });

  it('R72: a put on the former list that lands after the change of the list is taken back', async () => {
    const [id = 0, other = 0] = await create(2);
    await account.connect();
    for (const contact of [id, other]) await account.change(contact, { name: 'Short' });
    await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1 });
    await world.settle();
    const former = await account.listId();
    await account.retitle('Clients');
    await account.remove(other);
    await world.settle();
    for (const email of ['p0@example.com', 'p1@example.com']) await account.addToUnisender({ email, lists: [former] });
    clock.advance(16 * MINUTE_MS);
    await world.work();
    const held = await account.held();
    expect(held.get('p0@example.com')?.lists.map((list) => list.id)).toEqual([await account.listId()]);
    expect(held.get('p1@example.com')?.lists ?? []).toEqual([]);
  });

  it('R72: the first put of an address, on the former list, that lands after the change of the list is taken back', async () => {
    await create(1);
    await account.connect();
    const former = await account.listId();
    await account.create({ name: 'New', emails: ['new@example.com'] });
    await world.control.post('/kommo/hooks/flush');
    clock.advance(MINUTE_MS);
    await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1 });
    const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
    await expect(push).rejects.toMatchObject({ code: 'unisender_unavailable' });
    expect(await find('new@example.com')).toMatchObject({ ownListId: null, lateListIds: [former] });
    await account.retitle('Clients');
    await world.settle();
    await account.addToUnisender({ email: 'new@example.com', lists: [former] });
    clock.advance(16 * MINUTE_MS);
    await world.work();
    expect((await account.held()).get('new@example.com')?.lists.map((list) => list.id)).toEqual([await account.listId()]);
  });

  describe('a new address whose puts have no response', () => {
    const { signal } = new AbortController();

    /** Makes one put without a response; returns its list. Unisender applies it when `isApplied`. */
    async function pushWithoutResponse(push: () => Promise<unknown>, { isApplied }: { isApplied: boolean }): Promise<number> {
      const applied = isApplied ? 'after' : 'before';
      await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1, applied });
      await expect(push()).rejects.toMatchObject({ code: 'unisender_unavailable' });
      return account.listId();
    }
    const processEvents = () => world.harness.get(AccountSync).processEvents(account.accountId, signal);
    const listsOf = async (email: string) => (await account.held()).get(email)?.lists.map((list) => list.id) ?? [];

    /** Creates a contact and makes Kommo send its webhook. */
    async function createNew(): Promise<void> {
      await account.create({ name: 'New', emails: ['new@example.com'] });
      await world.control.post('/kommo/hooks/flush');
      clock.advance(MINUTE_MS);
    }

    beforeEach(async () => {
      await account.connect();
    });

    it('R72: leaves each former list on which a put lands late', async () => {
      await createNew();
      const first = await pushWithoutResponse(processEvents, { isApplied: false });
      const runId = await account.saveKey({ list_title: 'Clients' });
      const continueRun = () => world.harness.get(RunWorker).continueRun(runId, signal);
      const second = await pushWithoutResponse(continueRun, { isApplied: false });
      await account.retitle('News');
      await world.settle();
      await account.addToUnisender({ email: 'new@example.com', lists: [first, second] });
      clock.advance(16 * MINUTE_MS);
      await world.work();
      expect(await listsOf('new@example.com')).toEqual([await account.listId()]);
    });

    it('R72: leaves the list when that changes after a look showed the put', async () => {
      await createNew();
      await pushWithoutResponse(processEvents, { isApplied: true });
      clock.advance(16 * MINUTE_MS);
      await world.work();
      await account.run('reconcile');
      await account.retitle('Clients');
      await world.settle();
      expect(await listsOf('new@example.com')).toEqual([await account.listId()]);
    });
  });

  it.each([
    { place: 'on our list', isDeleted: false, shown: { state: 'present', origin: 'ours' } },
    { place: 'deleted', isDeleted: true, shown: { state: 'absent', origin: 'unknown', seenAt: null, lateListIds: null } },
  ])('R72: a look that shows an address $place is recorded although its removal waits for a confirmation', async ({ isDeleted, shown }) => {
    await create(1);
    await account.connect();
    if (isDeleted) await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/contacts?email=p0@example.com`);
    const past = clock.nowMs() - 1;
    await world.harness
      .get(Database)
      .execute(
        `UPDATE addresses SET state = 'absent', pushed_hash = NULL, removal = 'held', verify_at = ?, due_at = ? WHERE email = 'p0@example.com'`,
        [past, past],
      );
    await world.harness.get(Database).execute('UPDATE accounts SET work_due_at = ?', [past]);
    const sentAt = (await find('p0@example.com'))?.lastSentAt ?? Number.NaN;
    clock.advance(MINUTE_MS);
    await world.work();
    const looked = await find('p0@example.com');
    expect(looked).toMatchObject({ ...shown, verifyAt: null, removal: 'held' });
    // Until the look, the call may have put it on a list.
    expect(looked?.lastSentAt).toBeGreaterThanOrEqual(sentAt + MINUTE_MS);
  });

  it.each([
    { look: 'shows it', isRefused: false },
    { look: 'is refused', isRefused: true },
  ])('R72: a put with an old name that lands after a newer name is corrected when the look $look', async ({ isRefused }) => {
    await renameBeforeLateCall();
    await world.control.post('/faults/late');
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Older' });
    if (isRefused) await refuse('p0@example.com', 'look');
    clock.advance(16 * MINUTE_MS);
    await world.work();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Newer' });
  });

  it('R72: a put with an old name that lands while a removal waits is corrected when the run is cancelled', async () => {
    await renameBeforeLateCall();
    await world.control.set({ 'kommo.empty_reads': true });
    const waiting = await account.run('reconcile');
    expect(waiting).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 1 });
    await world.control.post('/faults/late');
    clock.advance(16 * MINUTE_MS);
    await world.work();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Older' });
    await world.control.set({ 'kommo.empty_reads': false });
    await world.harness.get(RunService).cancel(waiting.run_id);
    expect(await account.run('reconcile')).toMatchObject({ state: 'completed', deleted: 0 });
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Newer' });
  });

  it('R72: a put with an old name that lands while a removal waits is corrected when the contact passes the filter again', async () => {
    await renameBeforeLateCall();
    await account.saveKey({ include_tags: ['nobody'] });
    await world.settle();
    expect(await find('p0@example.com')).toMatchObject({ removal: 'held' });
    await world.control.post('/faults/late');
    clock.advance(16 * MINUTE_MS);
    await world.work();
    await account.saveKey({ include_tags: [] });
    await world.settle();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Newer' });
  });

  it.each([-300, 0, 300])(
    'R60: an address of a web form seconds before our first push is not deleted, with a clock %i s off',
    async (offset) => {
      await world.control.set({ 'unisender.clock_offset_seconds': offset, 'unisender.added_at': offset === 0 ? 'absent' : 'present' });
      await account.connect();
      await account.addToUnisender({ email: 'form@example.com' });
      const id = await account.create({ name: 'Form', emails: ['form@example.com'] });
      await world.settle();
      expect(await namesOnList()).toEqual(['form@example.com']);
      await account.remove(id);
      await world.settle();
      expect(await namesOnList()).toEqual([]);
      expect([...(await account.held()).keys()]).toEqual(['form@example.com']);
    },
  );

  it('R60: a stranger and one of ours that was deleted by hand, in one push: the stranger is never deleted', async () => {
    const [ours = 0] = await create(1);
    await account.connect();
    await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/contacts?email=p0@example.com`);
    await account.addToUnisender({ email: 'stranger@example.com' });
    const stranger = await account.create({ name: 'S', emails: ['stranger@example.com'] });
    await account.change(ours, { name: 'Renamed' });
    await world.settle();
    expect(await namesOnList()).toEqual(['p0@example.com', 'stranger@example.com']);
    await account.remove(stranger);
    await world.settle();
    expect(await namesOnList()).toEqual(['p0@example.com']);
    expect([...(await account.held()).keys()]).toContain('stranger@example.com');
  });

  describe('R60: an address of ours that was deleted, and that its owner then added to our list', () => {
    const addByOwner = async (secondsLater: number) => {
      await world.control.set({ 'unisender.clock_offset_seconds': secondsLater });
      await account.addToUnisender({ email: 'p0@example.com', lists: [await account.listId()] });
    };

    it('only leaves our list when it was deleted by hand', async () => {
      const [id = 0] = await create(1);
      await account.connect();
      await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/contacts?email=p0@example.com`);
      await addByOwner(YEAR_SECONDS);
      await account.remove(id);
      await world.settle();
      expect(await namesOnList()).toEqual([]);
      expect([...(await account.held()).keys()]).toEqual(['p0@example.com']);
    });

    it('only leaves our list when it was renamed in Kommo since', async () => {
      const [id = 0] = await create(1);
      await account.connect();
      await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/contacts?email=p0@example.com`);
      await addByOwner(YEAR_SECONDS);
      await account.change(id, { name: 'Renamed' });
      await world.settle();
      await account.remove(id);
      await world.settle();
      expect(await namesOnList()).toEqual([]);
      expect([...(await account.held()).keys()]).toEqual(['p0@example.com']);
    });

    it('only leaves our list with many others when a look after a call without a response showed its age', async () => {
      const ids = await create(21);
      await account.connect();
      await account.change(ids[0] ?? 0, { name: 'Renamed' });
      await world.control.post('/kommo/hooks/flush');
      clock.advance(MINUTE_MS);
      await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1, applied: 'after' });
      const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
      await expect(push).rejects.toMatchObject({ code: 'unisender_unavailable' });
      await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/contacts?email=p0@example.com`);
      await addByOwner(YEAR_SECONDS);
      clock.advance(16 * MINUTE_MS);
      await world.work();
      for (const id of ids) await account.remove(id);
      await world.settle();
      expect(await namesOnList()).toEqual([]);
      expect([...(await account.held()).keys()]).toEqual(['p0@example.com']);
    });

    it.each(['present', 'absent'])('only leaves our list when our delete had no response, with times of creation %s', async (times) => {
      await world.control.set({ 'unisender.added_at': times });
      const [id = 0] = await create(1);
      await account.connect();
      await account.remove(id);
      await world.control.post('/kommo/hooks/flush');
      clock.advance(MINUTE_MS);
      await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1, applied: 'after' });
      const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
      await expect(push).rejects.toMatchObject({ code: 'unisender_unavailable' });
      await addByOwner(60);
      await world.settle();
      expect(await namesOnList()).toEqual([]);
      expect([...(await account.held()).keys()]).toEqual(['p0@example.com']);
    });

    it('leaves the former list when the list changes after our delete had no response, without times of creation', async () => {
      await world.control.set({ 'unisender.added_at': 'absent' });
      const [id = 0] = await create(1);
      await account.connect();
      await account.remove(id);
      await world.control.post('/kommo/hooks/flush');
      clock.advance(MINUTE_MS);
      await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1 });
      const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
      await expect(push).rejects.toMatchObject({ code: 'unisender_unavailable' });
      await account.connect({ list_title: 'Moved' });
      await world.settle();
      expect(await find('p0@example.com')).toMatchObject({ origin: 'uncertain', state: 'absent' });
      expect((await account.held()).get('p0@example.com')?.lists).toEqual([]);
    });
  });

  it("R61: an address of ours that is also on the marketer's list only leaves our list", async () => {
    const [id = 0] = await create(1);
    await account.connect();
    const theirs = await account.addList('Theirs');
    await account.subscribe('p0@example.com', [theirs]);
    await account.remove(id);
    await world.settle();
    expect((await account.held()).get('p0@example.com')?.lists.map((list) => list.id)).toEqual([theirs]);
  });

  it('R61: an address that another account of ours holds with the same key only leaves our list', async () => {
    const second = (await world.addAccount()).withKey(account.unisenderKey);
    const [id = 0] = await create(1);
    await second.create(person(0));
    await account.connect();
    await second.connect();
    await account.remove(id);
    await world.settle();
    expect((await account.held()).get('p0@example.com')?.lists.map((list) => list.id)).toEqual([await second.listId()]);
  });

  it('R61: an address that another account holds with another key of the same Unisender account only leaves our list', async () => {
    const otherKey = `${account.unisenderKey}-other`;
    await world.control.post(`/unisender/accounts/${account.unisenderKey}/key`, { api_key: otherKey, keep_old: true });
    const second = (await world.addAccount()).withKey(otherKey);
    const [id = 0] = await create(1);
    await account.connect();
    await refuse('p0@example.com', 'call');
    await second.create(person(0));
    await second.connect();
    await allow();
    for (const { accountId, unisenderKey } of [account, second]) {
      const event = { name: 'unsubscribe', time: '2026-11-20 10:00:00', email: 'other@example.com', data: {} };
      await world.harness.get(UnisenderInbox).receive(accountId, Buffer.from(singleEventBody(unisenderKey, 'owner', event, 0)));
    }
    await account.remove(id);
    await world.settle();
    expect((await account.held()).get('p0@example.com')?.lists).toEqual([]);
  });

  it('looks at many removals by one export and deletes them in one call', async () => {
    const ids = await create(30);
    await account.connect();
    const before = (await world.control.calls('async/exportContacts')).length;
    const imports = (await world.control.calls('importContacts')).length;
    for (const id of ids) await account.remove(id);
    await world.settle();
    expect((await account.held()).size).toBe(0);
    expect((await world.control.calls('async/exportContacts')).length).toBe(before + 1);
    expect((await world.control.calls('importContacts')).length).toBe(imports + 1);
  });

  it('R63: a new key after a rename of the list keeps ours ours', async () => {
    const [id = 0] = await create(1);
    await account.connect();
    const listId = await account.listId();
    await world.control.send('PATCH', `/unisender/accounts/${account.unisenderKey}/lists/${listId}`, { title: 'Renamed' });
    const newKey = `${account.unisenderKey}-new`;
    await world.control.post(`/unisender/accounts/${account.unisenderKey}/key`, { api_key: newKey });
    const renewed = account.withKey(newKey);
    await renewed.connect();
    expect(await renewed.listId()).toBe(listId);
    expect(await find('p0@example.com')).toMatchObject({ origin: 'ours', state: 'present' });
    await renewed.remove(id);
    await world.settle();
    expect((await renewed.held()).size).toBe(0);
  });

  it('R63: a new key after a rename keeps the list whose only address came by a call without a response', async () => {
    await account.connect();
    await account.create({ name: 'P0', emails: ['p0@example.com'] });
    await world.control.post('/kommo/hooks/flush');
    clock.advance(MINUTE_MS);
    await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1, applied: 'after' });
    const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
    await expect(push).rejects.toMatchObject({ code: 'unisender_unavailable' });
    const listId = await account.listId();
    await world.control.send('PATCH', `/unisender/accounts/${account.unisenderKey}/lists/${listId}`, { title: 'Renamed' });
    const renewed = account.withKey(`${account.unisenderKey}-new`);
    await world.control.post(`/unisender/accounts/${account.unisenderKey}/key`, { api_key: renewed.unisenderKey });
    await renewed.connect();
    expect(await renewed.listId()).toBe(listId);
  });

  it('R63: a new key after a rename keeps the list on which only preexisting addresses are', async () => {
    await create(1);
    await account.addToUnisender({ email: 'p0@example.com' });
    await account.connect();
    const listId = await account.listId();
    await world.control.send('PATCH', `/unisender/accounts/${account.unisenderKey}/lists/${listId}`, { title: 'Renamed' });
    const renewed = account.withKey(`${account.unisenderKey}-new`);
    await world.control.post(`/unisender/accounts/${account.unisenderKey}/key`, { api_key: renewed.unisenderKey });
    await renewed.connect();
    expect(await renewed.listId()).toBe(listId);
  });

  it('R63: a new key after the list was deleted takes addresses off the list before it', async () => {
    await create(1);
    await account.connect();
    await world.control.set({ 'unisender.export_file': 'html' });
    expect((await account.retitle('Clients')).state).toBe('failed');
    await world.control.set({ 'unisender.export_file': 'csv' });
    await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/lists/${await account.listId()}`);
    const renewed = account.withKey(`${account.unisenderKey}-new`);
    await world.control.post(`/unisender/accounts/${account.unisenderKey}/key`, { api_key: renewed.unisenderKey });
    await renewed.retitle('Clients');
    expect((await renewed.held()).get('p0@example.com')?.lists.map((list) => list.id)).toEqual([await renewed.listId()]);
  });

  it('R63: an empty name does not overwrite a name that was there before', async () => {
    await account.addToUnisender({ email: 'p0@example.com', fields: { Name: 'Before' } });
    const [id = 0] = await account.createMany([{ ...person(0), name: '' }]);
    await account.connect();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Before' });
    await account.change(id, { name: 'Ours' });
    await world.settle();
    await account.change(id, { name: '' });
    await world.settle();
    expect(await account.onList()).toEqual({ 'p0@example.com': '' });
  });

  it('finds in a reconciliation a name that was changed in Unisender, and pushes it once more', async () => {
    await create(1);
    await account.connect();
    clock.advance(MINUTE_MS);
    await account.addToUnisender({ email: 'p0@example.com', lists: [await account.listId()], fields: { Name: 'Late' } });
    await account.run('reconcile');
    expect(await account.onList()).toEqual({ 'p0@example.com': 'P0' });
  });

  it('finds a second change of the same name in Unisender after a reconciliation showed the first corrected', async () => {
    await create(1);
    await account.connect();
    for (const name of ['First', 'Second']) {
      clock.advance(MINUTE_MS);
      await account.addToUnisender({ email: 'p0@example.com', lists: [await account.listId()], fields: { Name: name } });
      await account.run('reconcile');
      clock.advance(MINUTE_MS);
      await account.run('reconcile');
      expect(await account.onList()).toEqual({ 'p0@example.com': 'P0' });
    }
  });
});
