import { beforeEach, describe, expect, it } from '@jest/globals';
import { ContactStore, Database, RunStore } from '#database';
import { AccountSync, RunService, RunWorker } from '#sync';
import { openSyncScene, vipContacts } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const MINUTE_MS = 60_000;

describe.each(testDatabaseKinds())('removals on %s', (kind) => {
  const { enter, clock } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;
  let service: RunService;

  beforeEach(async () => {
    ({ world, account } = await enter());
    service = world.harness.get(RunService);
  });

  const listed = async () => Object.keys(await account.onList()).length;
  const waitingRun = async () => (await service.list(account.accountId)).find(({ state }) => state === 'waiting_for_confirmation');
  const confirm = async (runId: string) => {
    await service.confirm(runId);
    await world.work();
    return world.getRun(runId);
  };

  /** Kommo has told, when it was asked about these contacts, that they are gone. */
  const reread = (contactIds: readonly number[]) =>
    world.harness
      .get(Database)
      .transaction(() => world.harness.get(ContactStore).markDeleted(account.accountId, contactIds, { cause: 'reread' }));

  it.each([30, 1_000])(
    'R62: keeps %d addresses when every read of Kommo is empty; the rest goes on; a later run asks again',
    async (count) => {
      await account.createMany(vipContacts(count));
      await account.connect();
      await world.control.set({ 'kommo.empty_reads': true });
      const first = await account.run('reconcile');
      expect(first).toMatchObject({ state: 'waiting_for_confirmation', deleted: 0, planned_removals: count });
      expect(first.samples).toHaveLength(20);
      await account.create({ name: 'New', emails: ['new@example.com'] });
      await world.settle();
      expect(await listed()).toBe(count + 1);

      const second = await account.run('reconcile');
      expect(second).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: count + 1 });
      expect(await world.getRun(first.run_id)).toMatchObject({ state: 'cancelled', error: 'superseded' });
      await expect(service.confirm(first.run_id)).rejects.toMatchObject({ code: 'run_not_waiting', runId: second.run_id });

      await world.control.set({ 'kommo.empty_reads': false });
      expect(await account.run('reconcile')).toMatchObject({ state: 'completed', deleted: 0 });
      expect(await world.getRun(second.run_id)).toMatchObject({ state: 'cancelled', error: 'superseded' });
      expect(await listed()).toBe(count + 1);
    },
  );

  it('R62: keeps the addresses when Kommo returns contacts without fields', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect();
    for (const id of ids) await account.change(id, { emails: [], hooks: false });
    const run = await account.run('reconcile');
    expect(run).toMatchObject({ state: 'waiting_for_confirmation', deleted: 0, planned_removals: 30 });
    expect(await listed()).toBe(30);
    for (const [index, id] of ids.entries()) await account.change(id, { emails: [`p${index}@example.com`], hooks: false });
    expect(await account.run('reconcile')).toMatchObject({ state: 'completed', deleted: 0, planned_removals: 0 });
    expect(await listed()).toBe(30);
  });

  it('R62: removes only the planned addresses of the confirmed run that no contact holds again', async () => {
    const ids = await account.createMany(vipContacts(60));
    await account.connect();
    for (const id of ids.slice(0, 30)) await account.remove(id, { silent: true });
    const run = await account.run('reconcile');
    expect(run).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 30 });
    expect(await listed()).toBe(60);
    await account.restore(ids[0] ?? 0);
    await account.create({ name: 'Heir', emails: ['p1@example.com'] });
    await world.settle();
    await account.remove(ids[40] ?? 0, { silent: true });
    expect(await confirm(run.run_id)).toMatchObject({ state: 'completed', deleted: 28 });
    expect(await listed()).toBe(32);
    expect(await account.onList()).toMatchObject({
      'p0@example.com': 'Person 0',
      'p1@example.com': 'Heir',
      'p40@example.com': 'Person 40',
    });
  });

  it('R62: asks about the last address of an account, but removes ten of eleven', async () => {
    const ids = await account.createMany(vipContacts(11));
    await account.connect();
    for (const id of ids.slice(1)) await account.remove(id, { silent: true });
    expect(await account.run('import')).toMatchObject({ state: 'completed', deleted: 10 });
    await account.remove(ids[0] ?? 0, { silent: true });
    expect(await account.run('import')).toMatchObject({
      state: 'waiting_for_confirmation',
      planned_removals: 1,
      samples: ['p0@example.com'],
    });
    expect(await listed()).toBe(1);
  });

  it('R62: adds up the removals of several runs over an hour', async () => {
    const ids = await account.createMany(vipContacts(40));
    await account.connect();
    const runWithout = async (from: number, to: number) => {
      for (const id of ids.slice(from, to)) await account.remove(id, { silent: true });
      return account.run('reconcile');
    };
    expect(await runWithout(0, 7)).toMatchObject({ state: 'completed', deleted: 7 });
    clock.advance(61 * MINUTE_MS);
    expect(await runWithout(7, 14)).toMatchObject({ state: 'completed', deleted: 7 });
    const waiting = await runWithout(14, 18);
    expect(waiting).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 4, deleted: 0 });
    expect(await listed()).toBe(26);
    expect(await confirm(waiting.run_id)).toMatchObject({ state: 'completed', deleted: 4 });
    // What was confirmed is not counted again.
    expect(await runWithout(18, 21)).toMatchObject({ state: 'completed', deleted: 3 });
  });

  it('R62: asks before the last addresses of an account go while an approved removal waits for Unisender', async () => {
    const ids = await account.createMany(vipContacts(4));
    await account.connect();
    await reread(ids.slice(0, 1));
    await world.control.fault({ target: 'unisender', kind: '503', match: 'importContacts', times: 1 });
    const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
    await expect(push).rejects.toMatchObject({ code: 'unisender_unavailable' });
    const runId = await account.saveKey({ include_tags: ['nobody'] });
    await world.harness.get(RunWorker).continueRun(runId, new AbortController().signal);
    expect(await world.getRun(runId)).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 3 });
    expect(await listed()).toBe(3);
  });

  it('R62: does not count changes that webhooks bring, nor deletes that Kommo confirms', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect();
    for (const id of ids.slice(0, 15)) await account.remove(id);
    for (const id of ids.slice(15)) await account.change(id, { emails: [] });
    await world.settle();
    expect(await listed()).toBe(0);
    expect(await waitingRun()).toBeUndefined();
  });

  it('R62: a webhook about a contact that a filter excludes does not remove its address before the confirmation', async () => {
    const ids = await account.createMany(vipContacts(15));
    await account.connect();
    expect(await account.connect({ include_tags: ['nobody'] })).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 15 });
    for (const id of ids.slice(1)) await account.change(id, { name: 'Renamed' });
    await world.settle();
    expect(await listed()).toBe(15);
    await account.remove(ids[0] ?? 0);
    await world.settle();
    expect(await listed()).toBe(14);
    await account.confirmRemovals();
    expect(await listed()).toBe(0);
  });

  it('R62: counts what a changed filter removes although changes by webhooks of the same contacts wait', async () => {
    const ids = await account.createMany(vipContacts(15));
    await account.connect();
    for (const id of ids) await account.change(id, { name: 'Renamed' });
    await world.control.post('/kommo/hooks/flush');
    clock.advance(MINUTE_MS);
    await world.control.fault({ target: 'unisender', kind: '503', match: 'importContacts', times: 1 });
    const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
    await expect(push).rejects.toMatchObject({ code: 'unisender_unavailable' });
    const runId = await account.saveKey({ include_tags: ['nobody'] });
    await world.harness.get(RunWorker).continueRun(runId, new AbortController().signal);
    expect(await world.getRun(runId)).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 15 });
    expect(await listed()).toBe(15);
  });

  it('R62: a parked address whose removal waits for a confirmation is not removed when it is tried again', async () => {
    await account.createMany(vipContacts(15));
    await account.connect();
    for (let index = 0; index < 15; index += 1) {
      const refusal = { email: `p${index}@example.com`, place: 'row', code: 'unspecified' };
      await world.control.post(`/unisender/accounts/${account.unisenderKey}/refusals`, refusal);
    }
    await world.harness.get(Database).execute('UPDATE addresses SET pushed_hash = NULL, dirty_since = 1');
    await account.run('reconcile');
    await world.control.send('DELETE', `/unisender/accounts/${account.unisenderKey}/refusals`);
    expect(await account.connect({ include_tags: ['nobody'] })).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 15 });
    clock.advance(2 * 24 * 60 * MINUTE_MS);
    await world.harness.get(Database).execute('UPDATE accounts SET work_due_at = 1');
    await world.settle();
    expect(await listed()).toBe(15);
  });

  it('R78: starts other runs while one waits, and confirms it only while no other is active', async () => {
    const ids = await account.createMany(vipContacts(40));
    await account.connect();
    for (const id of ids.slice(0, 20)) await account.remove(id, { silent: true });
    const waiting = await account.run('reconcile');
    clock.advance(7 * 24 * 3_600_000);
    const active = await service.start({ accountId: account.accountId, mode: 'import', trigger: 'operator' });
    await expect(service.confirm(waiting.run_id)).rejects.toMatchObject({ code: 'run_active', runId: active.run_id });
    await service.cancel(active.run_id);
    expect(await confirm(waiting.run_id)).toMatchObject({ state: 'completed', deleted: 20 });
  });

  it('R62: adds up the removals of re-reads over an hour', async () => {
    const ids = await account.createMany(vipContacts(40));
    await account.connect();
    const rereadAndSettle = async (from: number, to: number) => {
      await reread(ids.slice(from, to));
      world.harness.jobs.push({ tube: 'contacts', payload: { account_id: account.accountId } });
      await world.settle();
    };
    await rereadAndSettle(0, 7);
    expect(await listed()).toBe(33);
    clock.advance(61 * 60_000);
    await rereadAndSettle(7, 14);
    expect(await listed()).toBe(26);
    await rereadAndSettle(14, 18);
    expect(await listed()).toBe(26);
    const waiting = await waitingRun();
    expect(waiting).toMatchObject({
      trigger: 'reread',
      planned_removals: 4,
      samples: ['p14', 'p15', 'p16', 'p17'].map((name) => `${name}@example.com`),
    });
    await rereadAndSettle(18, 19);
    expect(await listed()).toBe(26);
    // Of the last hour only eight are left to count: the one that came after the held ones needs no confirmation.
    expect(await confirm(waiting?.run_id ?? '')).toMatchObject({ state: 'completed', deleted: 5 });
    expect(await listed()).toBe(21);
  });

  it('R62: counts the removals of a cancelled run again', async () => {
    const ids = await account.createMany(vipContacts(40));
    await account.connect();
    for (const id of ids.slice(0, 20)) await account.change(id, { emails: [], hooks: false });
    const waiting = await account.run('reconcile');
    await service.cancel(waiting.run_id);
    expect(await account.run('reconcile')).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 20 });
    expect(await listed()).toBe(40);
  });

  it('asks again about the removals of a confirmed run that failed', async () => {
    const ids = await account.createMany(vipContacts(14));
    await account.connect();
    for (const id of ids) await account.change(id, { emails: [], hooks: false });
    const failing = await account.run('reconcile');
    await service.confirm(failing.run_id);
    await world.harness.get(RunStore).transition(failing.run_id, 'failed', { error: 'unisender_key_refused' });
    const next = await account.run('reconcile');
    expect(next).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 14 });
    expect(await confirm(next.run_id)).toMatchObject({ state: 'completed', deleted: 14 });
    expect(await listed()).toBe(0);
  });
});
