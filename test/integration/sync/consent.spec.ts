import { beforeEach, describe, expect, it } from '@jest/globals';
import { TransientError } from '#domain';
import { AccountSync, PersonalData, RunService, RunWorker, UnisenderContacts } from '#sync';
import { ShiftedClock } from '../../support/sync-harness.js';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LEFT = 'left@example.com';
const STAYS = 'stays@example.com';

interface TaggedContact {
  readonly _embedded: { readonly tags: readonly { readonly name: string }[] | null };
}

describe.each(testDatabaseKinds())('mailing consent on %s', (kind) => {
  const { clock, enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const create = (email: string) => account.create({ name: email.split('@')[0], emails: [email], hooks: false });
  /** An account with two addresses on its list, of which the first leaves it. Returns the ids of the contacts. */
  const connectAndLeave = async (settings?: Readonly<Record<string, unknown>>): Promise<[number, number]> => {
    const ids: [number, number] = [await create(LEFT), await create(STAYS)];
    await account.connect(settings);
    clock.advance(2 * DAY_MS);
    await account.unsubscribe(LEFT, [await account.listId()]);
    return ids;
  };
  const connectAndLeaveUnheard = async (settings?: Readonly<Record<string, unknown>>) => {
    const ids = await connectAndLeave(settings);
    await world.loseUnisenderHooks();
    return ids;
  };
  /** The account with the key of another Unisender account, which is not saved yet. */
  const openSecondAccount = async () => {
    const second = `${account.unisenderKey}-second`;
    await world.control.post('/unisender/accounts', { api_key: second, login: 'second@example.org' });
    return account.withKey(second);
  };
  const rename = async (contactId: number, name: string) => {
    await account.change(contactId, { name });
    await world.settle();
  };
  const nameOf = async (email: string) => (await account.held()).get(email)?.fields['Name'];
  const tagsOf = async (contactId: number): Promise<string[]> => {
    const contact = await world.control.get<TaggedContact>(`/kommo/accounts/${account.accountId}/contacts/${contactId}`);
    return (contact._embedded.tags ?? []).map(({ name }) => name);
  };

  describe('an unsubscribe from our list whose event was lost', () => {
    it('R50: does not become a subscription of another list when the setting changes', async () => {
      await connectAndLeaveUnheard();
      await account.retitle('Other');
      expect(await account.mailedLists(LEFT)).toEqual([]);
      expect(await account.mailedLists(STAYS)).toEqual([await account.listId()]);
    });

    it('R50: does not become a subscription when the owner renames the list in Unisender', async () => {
      await connectAndLeaveUnheard({ list_title: 'Clients' });
      const listId = await account.listId();
      await world.control.send('PATCH', `/unisender/accounts/${account.unisenderKey}/lists/${listId}`, { title: 'Renamed' });
      await account.run('import');
      await account.run('reconcile');
      expect(await account.listId()).toBe(listId);
      expect(await account.mailedLists(LEFT)).toEqual([]);
      expect(await account.mailedLists(STAYS)).toEqual([listId]);
    });

    it('R50: is learnt by a reconciliation', async () => {
      const [left] = await connectAndLeaveUnheard();
      await account.run('reconcile');
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('left');
      await account.retitle('Other');
      expect(await account.mailedLists(LEFT)).toEqual([]);
    });

    it('R53: stays when the contact is deleted and restored', async () => {
      const [left] = await connectAndLeaveUnheard();
      await account.remove(left);
      await world.settle();
      await account.restore(left);
      await world.settle();
      expect(await account.mailedLists(LEFT)).toEqual([]);
    });

    it('R53: stays when the contact is deleted and restored under the policy exclude', async () => {
      const [left] = await connectAndLeaveUnheard({ delete_policy: 'exclude' });
      await account.remove(left);
      await world.settle();
      await account.restore(left);
      await world.settle();
      expect(await account.mailedLists(LEFT)).toEqual([]);
    });

    it('R52: stays when the account gets the key of another Unisender account', async () => {
      await connectAndLeaveUnheard();
      const moved = await openSecondAccount();
      await moved.connect();
      expect(await moved.mailedLists(LEFT)).toEqual([]);
      expect(await moved.mailedLists(STAYS)).toEqual([await account.listId()]);
    });
  });

  describe('an unsubscribe from a list of the former Unisender account whose exports Unisender rejects', () => {
    const moveWhileExportsAreRejected = async () => {
      await connectAndLeaveUnheard();
      const moved = await openSecondAccount();
      await world.control.fault({ target: 'unisender', kind: 'unspecified', match: 'exportContacts', times: 1 });
      const runId = await moved.saveKey();
      const run = world.harness.get(RunWorker).continueRun(runId, new AbortController().signal);
      return { moved, run };
    };

    it('R52: is learnt before anything is put on the new list', async () => {
      const { moved, run } = await moveWhileExportsAreRejected();
      await expect(run).rejects.toMatchObject({ code: 'unisender_unavailable' });
      await world.settle();
      expect(await moved.mailedLists(LEFT)).toEqual([]);
      expect(await moved.mailedLists(STAYS)).toEqual([await account.listId()]);
    });

    it('does not stop the account for longer than an hour', async () => {
      const { moved, run } = await moveWhileExportsAreRejected();
      await expect(run).rejects.toMatchObject({ code: 'unisender_unavailable' });
      await world.control.fault({ target: 'unisender', kind: 'unspecified', match: 'exportContacts', times: 1 });
      clock.advance(HOUR_MS + 1);
      await world.settle();
      expect(await moved.mailedLists(STAYS)).toEqual([await account.listId()]);
    });
  });

  it('R51: an unsubscribe is not lifted by a put of ours that took effect after it', async () => {
    await create(LEFT);
    await account.connect({ list_title: 'One' });
    const one = await account.listId();
    clock.advance(2 * DAY_MS);
    const runId = await account.saveKey({ list_title: 'Two' });
    await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1, applied: 'before' });
    const run = world.harness.get(RunWorker).continueRun(runId, new AbortController().signal);
    await expect(run).rejects.toMatchObject({ code: 'unisender_unavailable' });
    clock.advance(1_000);
    await account.unsubscribe(LEFT, [one]);
    await world.settleUnisender();
    // The late put: it also takes the address off the former list, and with that the trace of the unsubscribe.
    await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/lists/${one}`);
    await account.addToUnisender({ email: LEFT, lists: [await account.listId()] });
    clock.advance(16 * 60_000);
    await world.work();
    await account.run('reconcile');
    await account.retitle('Three');
    expect(await account.mailedLists(LEFT)).not.toContain(await account.listId());
  });

  describe('an unsubscribe from our list', () => {
    it('R51: stays when a late subscribe event arrives that our own import caused', async () => {
      await world.control.set({ 'unisender.import_fires_hooks': true });
      const [left] = await connectAndLeave();
      await world.settleUnisender();
      await account.unsubscribe(LEFT, [await account.listId()]);
      await world.control.post(`/unisender/accounts/${account.unisenderKey}/status`, { email: LEFT, status: 'active' });
      await world.settleUnisender();
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('left');
      await account.retitle('Other');
      expect(await account.mailedLists(LEFT)).toEqual([]);
    });

    it('R51: stays when the address subscribes to another list', async () => {
      const other = await account.addList('News');
      const [left] = await connectAndLeave();
      await world.settleUnisender();
      clock.advance(HOUR_MS);
      await account.subscribe(LEFT, [other]);
      await world.settleUnisender();
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('left');
      await account.retitle('Third');
      expect(await account.mailedLists(LEFT)).toEqual([other]);
    });

    it('R51: stays when the event names its lists twice, by other meanings', async () => {
      await world.control.set({ 'unisender.event_list_ids': 'mixed' });
      const other = await account.addList('News');
      await account.addToUnisender({ email: LEFT, lists: [other] });
      const [left] = await connectAndLeave();
      await world.settleUnisender();
      clock.advance(HOUR_MS);
      await account.unsubscribe(LEFT, [other]);
      await account.subscribe(LEFT, [other]);
      await world.settleUnisender();
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('left');
    });

    it('R51: stays when only a row of ours ended it', async () => {
      await world.control.set({ 'unisender.reimport_revives': true });
      const [left] = await connectAndLeave();
      clock.advance(60_000);
      await account.change(left, { name: 'Renamed' });
      await world.control.post('/kommo/hooks/flush');
      clock.advance(60_000);
      await world.work();
      expect(await nameOf(LEFT)).toBe('Renamed');
      await world.settleUnisender();
      clock.advance(HOUR_MS);
      await account.run('reconcile');
      await account.retitle('Other');
      expect(await account.mailedLists(LEFT)).toHaveLength(1);
      expect(await account.mailedLists(LEFT)).not.toContain(await account.listId());
    });

    it('R51: stays when only a row of ours ended it, and the event seems later by a clock that is ahead', async () => {
      ({ world, account } = await enter({ clock: new ShiftedClock(clock, -2 * MINUTE_MS) }));
      await world.control.set({ 'unisender.reimport_revives': true, 'unisender.event_list_ids': 'absent' });
      const [left] = await connectAndLeave();
      await account.change(left, { name: 'Renamed' });
      await world.control.post('/kommo/hooks/flush');
      clock.advance(MINUTE_MS);
      await world.work();
      expect(await nameOf(LEFT)).toBe('Renamed');
      clock.advance(1.5 * MINUTE_MS);
      await world.settleUnisender();
      await rename(left, 'Renamed again');
      expect(await nameOf(LEFT)).toBe('Renamed');
    });

    it('R51: stays when only a row of ours ended it that Unisender refused for want of money', async () => {
      await world.control.set({ 'unisender.reimport_revives': true, 'unisender.event_list_ids': 'absent' });
      const [left] = await connectAndLeave();
      await account.change(left, { name: 'Renamed' });
      await world.control.post('/kommo/hooks/flush');
      await world.control.fault({ target: 'unisender', kind: 'not_enough_money', match: 'importContacts', times: 1, applied: 'after' });
      const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
      await expect(push).rejects.toMatchObject({ code: 'unisender_not_enough_money' });
      await world.control.post('/unisender/hooks/flush');
      clock.advance(20 * MINUTE_MS);
      await world.work();
      await rename(left, 'Renamed again');
      expect(await nameOf(LEFT)).toBe('Renamed');
    });

    it('R51: stays when only a row of ours ended it, although half of its call was then refused for its rate', async () => {
      let imports = 0;
      const acquire = async (keys: readonly string[]) => {
        if (!isLimited || !keys.some((key) => key.endsWith(':importContacts'))) return;
        imports += 1;
        if (imports === 2) throw new TransientError('too many calls', { code: 'unisender_rate_limited', retryAfterMs: 1_000 });
      };
      let isLimited = false;
      ({ world, account } = await enter({ limiter: { acquire, pause: () => Promise.resolve(), resume: () => Promise.resolve() } }));
      await world.control.set({ 'unisender.reimport_revives': true, 'unisender.event_list_ids': 'absent' });
      const ids = await connectAndLeave();
      for (const id of ids) await account.change(id, { name: 'Renamed' });
      await world.control.post('/kommo/hooks/flush');
      await world.control.set({ 'unisender.import_sums': 'short_total' });
      isLimited = true;
      const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
      await expect(push).rejects.toMatchObject({ code: 'unisender_rate_limited' });
      await world.control.set({ 'unisender.import_sums': 'true' });
      await world.control.post('/unisender/hooks/flush');
      await world.work();
      await rename(ids[0], 'Renamed again');
      expect(await nameOf(LEFT)).toBe('Renamed');
    });

    it('R51: ends when Unisender itself shows the address active on our list, by a look', async () => {
      const [left] = await connectAndLeave();
      await world.settleUnisender();
      clock.advance(1_000);
      await account.subscribe(LEFT, [await account.listId()]);
      await world.settleUnisender();
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('Renamed');
    });

    it('R51: ends when Unisender itself shows the address active on our list, by an export', async () => {
      const [left] = await connectAndLeave();
      await world.settleUnisender();
      clock.advance(1_000);
      await account.subscribe(LEFT, [await account.listId()]);
      await world.loseUnisenderHooks();
      await account.run('reconcile');
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('Renamed');
    });

    it.each([-5, 5])('R51: ends by a look although the clock of the process is wrong by %i minutes', async (minutes) => {
      ({ world, account } = await enter({ clock: new ShiftedClock(clock, minutes * MINUTE_MS), databaseClock: clock }));
      const [left] = await connectAndLeave();
      await world.settleUnisender();
      clock.advance(1_000);
      await account.subscribe(LEFT, [await account.listId()]);
      await world.settleUnisender();
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('Renamed');
    });

    it('R51: is not ended by an export that was requested before it, although the clock of the process is ahead', async () => {
      ({ world, account } = await enter({ clock: new ShiftedClock(clock, 5 * MINUTE_MS), databaseClock: clock }));
      const left = await create(LEFT);
      await account.connect();
      const listId = await account.listId();
      clock.advance(2 * DAY_MS);
      await world.control.fault({ target: 'unisender', kind: '503', match: 'getTaskResult', times: 1 });
      const { run_id } = await world.harness
        .get(RunService)
        .start({ accountId: account.accountId, mode: 'reconcile', trigger: 'operator' });
      const run = world.harness.get(RunWorker).continueRun(run_id, new AbortController().signal);
      await expect(run).rejects.toMatchObject({ code: 'unisender_unavailable' });
      clock.advance(1_000);
      await account.unsubscribe(LEFT, [listId]);
      await world.control.post('/unisender/hooks/flush');
      await account.subscribe(LEFT, [listId]);
      await world.loseUnisenderHooks();
      await world.work();
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('left');
    });

    it('R51: an event without lists counts for everything until Unisender is asked', async () => {
      await world.control.set({ 'unisender.event_list_ids': 'absent' });
      const [left] = await connectAndLeave();
      await world.settleUnisender();
      await rename(left, 'Renamed');
      expect(await nameOf(LEFT)).toBe('left');
      clock.advance(HOUR_MS);
      await account.subscribe(LEFT, [await account.listId()]);
      await world.settleUnisender();
      await rename(left, 'Renamed again');
      expect(await nameOf(LEFT)).toBe('Renamed again');
    });

    it('R51: an event without lists that was about another list is settled by asking Unisender', async () => {
      await world.control.set({ 'unisender.event_list_ids': 'absent' });
      const other = await account.addList('News');
      await account.addToUnisender({ email: STAYS, lists: [other] });
      const [, stays] = await connectAndLeave();
      await account.unsubscribe(STAYS, [other]);
      await world.settleUnisender();
      await rename(stays, 'Renamed');
      expect(await nameOf(STAYS)).toBe('Renamed');
    });

    it('R51: an event about another list is settled although a row of ours was sent a minute before', async () => {
      await world.control.set({ 'unisender.event_list_ids': 'absent' });
      const other = await account.addList('News');
      await account.addToUnisender({ email: STAYS, lists: [other] });
      const [, stays] = await connectAndLeave();
      await rename(stays, 'Renamed');
      clock.advance(MINUTE_MS);
      await account.unsubscribe(STAYS, [other]);
      await world.settleUnisender();
      await rename(stays, 'Renamed again');
      expect(await nameOf(STAYS)).toBe('Renamed again');
    });

    it('R51: an event about another list is settled although a call before it was refused for its rate', async () => {
      await world.control.set({ 'unisender.event_list_ids': 'absent' });
      const other = await account.addList('News');
      await account.addToUnisender({ email: STAYS, lists: [other] });
      const [, stays] = await connectAndLeave();
      await account.change(stays, { name: 'Renamed' });
      await world.control.post('/kommo/hooks/flush');
      const kind = 'api_call_limit_exceeded_for_api_key';
      await world.control.fault({ target: 'unisender', kind, match: 'importContacts', times: 1, applied: 'before' });
      const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
      await expect(push).rejects.toMatchObject({ code: 'unisender_rate_limited' });
      clock.advance(2 * MINUTE_MS);
      await account.unsubscribe(STAYS, [other]);
      await world.settleUnisender();
      await world.settle();
      expect(await nameOf(STAYS)).toBe('Renamed');
    });

    it('R70: an event whose look Unisender refuses keeps the refusal and stops no other event', async () => {
      await world.control.set({ 'unisender.event_list_ids': 'absent' });
      const other = await account.addList('News');
      await account.addToUnisender({ email: STAYS, lists: [other] });
      const [left, stays] = await connectAndLeave();
      await account.unsubscribe(STAYS, [other]);
      await world.control.post(`/unisender/accounts/${account.unisenderKey}/refusals`, { email: LEFT, place: 'look' });
      await world.settleUnisender();
      for (const id of [left, stays]) await rename(id, 'Renamed');
      expect([await nameOf(LEFT), await nameOf(STAYS)]).toEqual(['left', 'Renamed']);
    });

    it('R52: is kept when the list is deleted in Unisender and created again', async () => {
      await connectAndLeave();
      await world.settleUnisender();
      await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/lists/${await account.listId()}`);
      await account.run('reconcile');
      expect(await account.mailedLists(LEFT)).toEqual([]);
      expect(await account.mailedLists(STAYS)).toEqual([await account.listId()]);
    });

    it('R53: is kept by an erasure, which stores no address', async () => {
      const [left] = await connectAndLeave();
      await world.settleUnisender();
      await world.harness.get(PersonalData).erase({ email: LEFT });
      expect(await world.harness.get(PersonalData).export({ email: LEFT })).toEqual([]);
      await account.change(left, { name: 'Renamed' });
      await world.settle();
      await account.run('reconcile');
      expect(await nameOf(LEFT)).toBe('left');
      await account.retitle('Other');
      expect(await account.mailedLists(LEFT)).toEqual([]);
    });

    it('R53: the operator is told that the address was skipped', async () => {
      await connectAndLeave();
      await world.settleUnisender();
      const contacts = world.harness.get(UnisenderContacts);
      expect(await contacts.add(account.accountId, [LEFT, 'New@Example.com', '444'])).toEqual([
        { email: LEFT, result: 'skipped', reason: 'unsubscribed' },
        { email: 'new@example.com', result: 'done', reason: null },
        { email: '444', result: 'failed', reason: 'invalid' },
      ]);
      expect(await account.mailedLists(LEFT)).toEqual([]);
      expect(await account.mailedLists('new@example.com')).toEqual([await account.listId()]);
    });
  });

  it('R54: people who left a list of the same title that was there before us stay off', async () => {
    const theirs = await account.addList(`Kommo ${account.accountId}`, 77);
    await account.addToUnisender({ email: LEFT, unsubscribed_lists: [theirs] });
    await create(LEFT);
    await create(STAYS);
    await account.connect();
    expect(await account.listId()).toBe(theirs);
    expect(await account.mailedLists(LEFT)).toEqual([]);
    expect(await account.mailedLists(STAYS)).toEqual([theirs]);
    await account.retitle('Other');
    expect(await account.mailedLists(LEFT)).toEqual([]);
  });

  it('R54: a list that stood before us is learnt again by an export that was requested after the decision', async () => {
    await create(LEFT);
    await account.connect();
    const theirs = await account.addList('Theirs', 77);
    await account.addToUnisender({ email: LEFT, unsubscribed_lists: [theirs] });
    await account.retitle('Theirs');
    expect(await account.mailedLists(LEFT)).not.toContain(theirs);
  });

  describe('the write-back', () => {
    const TAG = 'Unisender: unsubscribed';

    it('R55: tags contacts of unsubscribes that an export shows', async () => {
      const [left, stays] = await connectAndLeaveUnheard();
      await account.run('reconcile');
      expect(await tagsOf(left)).toEqual([TAG]);
      expect(await tagsOf(stays)).toEqual([]);
    });

    it('R55: tags a contact that comes to hold the address later', async () => {
      await connectAndLeave();
      await world.settleUnisender();
      const later = await account.create({ name: 'Later', emails: [LEFT] });
      await world.settle();
      expect(await tagsOf(later)).toEqual([TAG]);
    });

    it('R55: tags the others when Kommo refuses one contact', async () => {
      const ids = await account.createMany(
        [1, 2, 3, 4, 5].map((index) => ({ name: `P${index}`, emails: [`p${index}@example.com`], hooks: false })),
      );
      await account.connect();
      clock.advance(2 * DAY_MS);
      await world.control.post(`/kommo/accounts/${account.accountId}/contacts/${ids[2]}/refuse`, { writes: true });
      for (const index of [1, 2, 3, 4, 5]) await account.unsubscribe(`p${index}@example.com`);
      await world.settle();
      const tags = await Promise.all(ids.map(tagsOf));
      expect(tags.map((names) => names.length)).toEqual([1, 1, 0, 1, 1]);
    });
  });
});
