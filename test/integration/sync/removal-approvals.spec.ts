import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ContactStore, Database, RunStore } from '#database';
import { AccountSync, RunService, RunWorker } from '#sync';
import { openSyncScene, vipContacts } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const MINUTE_MS = 60_000;

describe.each(testDatabaseKinds())('approvals of removals on %s', (kind) => {
  const { enter, clock } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;
  let service: RunService;

  beforeEach(async () => {
    ({ world, account } = await enter());
    service = world.harness.get(RunService);
  });

  const listed = async () => Object.keys(await account.onList()).length;
  const waiting = async () => (await service.list(account.accountId)).filter(({ state }) => state === 'waiting_for_confirmation');
  const continueRun = (runId: string) => world.harness.get(RunWorker).continueRun(runId, new AbortController().signal);
  /** Removals that are decided or wait for a decision. */
  const countMarked = async () => {
    const sql = 'SELECT COUNT(*) AS marked FROM addresses WHERE removal IS NOT NULL';
    return Number((await world.harness.get(Database).query<{ marked: number }>(sql))[0]?.marked);
  };
  const pushFails = (fault: '503' | 'invalid_api_key') =>
    world.control.fault({ target: 'unisender', kind: fault, match: 'importContacts', times: 1 });

  /** The limit alone allows it, or the operator does. */
  const startRemoval = async (isConfirmed: boolean) => {
    if (isConfirmed) {
      await world.control.set({ 'kommo.empty_reads': true });
      const run = await account.run('reconcile');
      await service.confirm(run.run_id);
      return run.run_id;
    }
    return (await service.start({ accountId: account.accountId, mode: 'reconcile', trigger: 'operator' })).run_id;
  };

  it.each([
    { isConfirmed: true, end: 'cancelled', count: 1_000 },
    { isConfirmed: true, end: 'failed', count: 1_000 },
    { isConfirmed: false, end: 'cancelled', count: 1_000 },
  ] as const)('R62: what a run approved and did not remove is withdrawn when it is %j', async ({ isConfirmed, end, count }) => {
    const ids = await account.createMany(vipContacts(count));
    await account.connect(isConfirmed ? undefined : { removal_limit_percent: 100 });
    const gone = isConfirmed ? [] : ids.slice(0, -1);
    for (const id of gone) await account.remove(id, { silent: true });
    const runId = await startRemoval(isConfirmed);
    await pushFails(end === 'failed' ? 'invalid_api_key' : '503');
    await continueRun(runId).catch(() => {});
    if (end === 'cancelled') await service.cancel(runId);
    expect(await world.getRun(runId)).toMatchObject({ state: end, deleted: 0 });
    // Two chunks of contacts are deleted; the removal of their addresses goes on, unless the contacts come back before.
    expect(await countMarked()).toBe(500);

    await world.control.set({ 'kommo.empty_reads': false });
    for (const id of gone) await account.restore(id);
    await world.loseHooks();
    await account.connect();
    await account.run('reconcile');
    expect(await listed()).toBe(count);
    expect(await countMarked()).toBe(0);
    await account.connect({ include_tags: ['nobody'] });
    expect(await waiting()).toMatchObject([{ planned_removals: count }]);
    expect(await listed()).toBe(count);
  });

  it('R62: forgets the approval of an address whose contact Kommo does not return after the confirmation', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect();
    await world.control.set({ 'kommo.empty_reads': true });
    const run = await account.run('reconcile');
    await service.confirm(run.run_id);
    await world.control.fault({ target: 'kommo', kind: '502', match: `[]=${ids.at(-1)}` });
    await continueRun(run.run_id);
    expect(await world.getRun(run.run_id)).toMatchObject({ state: 'completed', deleted: 29 });
    expect(await countMarked()).toBe(0);
    expect(Object.keys(await account.onList())).toEqual(['p29@example.com']);
  });

  it.each([300, 1_000])('R62: removes an address that the first and the last of %d deleted contacts hold', async (count) => {
    await account.createMany(vipContacts(count));
    await account.create({ name: 'Double', emails: ['p0@example.com'], hooks: false });
    await account.connect();
    await world.control.set({ 'kommo.empty_reads': true });
    expect(await account.run('reconcile')).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: count });
    await account.confirmRemovals();
    expect(await listed()).toBe(0);
    expect(await countMarked()).toBe(0);
  });

  it('R62: an approval ends when a contact holds the address again', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect({ removal_limit_percent: 100 });
    for (const id of ids.slice(0, 15)) await account.change(id, { emails: [], hooks: false });
    const run = await service.start({ accountId: account.accountId, mode: 'reconcile', trigger: 'operator' });
    await pushFails('503');
    await expect(continueRun(run.run_id)).rejects.toMatchObject({ code: 'unisender_unavailable' });
    expect(await countMarked()).toBe(15);
    for (const [index, id] of ids.slice(0, 15).entries()) await account.change(id, { emails: [`p${index}@example.com`] });
    await world.control.post('/kommo/hooks/flush');
    clock.advance(MINUTE_MS);
    await pushFails('503');
    const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
    await push.catch(() => {});
    expect(await countMarked()).toBe(0);
  });

  it('R62: removals of re-reads whose run is cancelled are asked about by the next complete run only', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect();
    for (const id of ids.slice(0, 15)) await account.remove(id, { silent: true });
    const contacts = world.harness.get(ContactStore);
    await world.harness.get(Database).transaction(() => contacts.markDeleted(account.accountId, ids.slice(0, 15), { cause: 'reread' }));
    world.harness.jobs.push({ tube: 'contacts', payload: { account_id: account.accountId } });
    await world.settle();
    const [run] = await waiting();
    expect(run).toMatchObject({ trigger: 'reread', planned_removals: 15 });
    await service.cancel(run?.run_id ?? '');
    await account.change(ids[20] ?? 0, { name: 'Renamed' });
    await world.settle();
    expect(await waiting()).toEqual([]);
    expect(await account.run('reconcile')).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 15 });
    expect(await listed()).toBe(30);
    await account.confirmRemovals();
    expect(await listed()).toBe(15);
  });

  it('R62: a job that was enqueued twice does not start a run that waits', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect();
    for (const id of ids.slice(0, 15)) await account.remove(id, { silent: true });
    const runs = world.harness.get(RunStore);
    const run = await service.start({ accountId: account.accountId, mode: 'reconcile', trigger: 'operator' });
    const before = await runs.find(run.run_id);
    await world.work();
    expect(await world.getRun(run.run_id)).toMatchObject({ state: 'waiting_for_confirmation' });
    // The job read the run before another one made it wait.
    const find = jest.spyOn(runs, 'find').mockResolvedValueOnce(before);
    await continueRun(run.run_id);
    find.mockRestore();
    await world.settle();
    expect(await world.getRun(run.run_id)).toMatchObject({ state: 'waiting_for_confirmation', deleted: 0, planned_removals: 15 });
    expect(await listed()).toBe(30);
  });
});
