import { beforeEach, describe, expect, it } from '@jest/globals';
import { ContactStore } from '#database';
import { AccountSync, RunService, RunWorker, Sweep } from '#sync';
import { openSyncScene, vipContacts } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const MINUTE_MS = 60_000;

const emailOf = (index: number) => `p${index}@example.com`;
describe.each(testDatabaseKinds())('causes of removals on %s', (kind) => {
  const { enter, clock } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const listed = async () => Object.keys(await account.onList()).length;
  const waitingRun = async () =>
    (await world.harness.get(RunService).list(account.accountId)).find(({ state }) => state === 'waiting_for_confirmation');
  const expectWaiting = async (count: number, planned: number) => {
    expect(await listed()).toBe(count);
    expect(await waitingRun()).toMatchObject({ planned_removals: planned });
  };

  /** The worker stops after the run has written contacts into the mirror, before it plans a push. */
  const stopAfterWrite = async (runId: string) => {
    const stop = new AbortController();
    const contacts = world.harness.get(ContactStore);
    const save = contacts.save.bind(contacts);
    contacts.save = async (...args) => {
      await save(...args);
      if (args[1].length > 0) stop.abort();
    };
    await expect(world.harness.get(RunWorker).continueRun(runId, stop.signal)).rejects.toMatchObject({ code: 'stopping' });
    contacts.save = save;
  };
  const refusals = () => `/unisender/accounts/${account.unisenderKey}/refusals`;
  const refuseExcludes = async () => {
    for (let index = 0; index < 15; index += 1) {
      await world.control.post(refusals(), { email: emailOf(index), place: 'exclude', code: 'unspecified' });
    }
  };
  /** Webhooks arrive, and the account's own job works before that of the run. */
  const followHooks = async () => {
    await world.control.post('/kommo/hooks/flush');
    clock.advance(MINUTE_MS);
    await world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
  };

  it('R62: counts what a changed filter removes although webhooks of the same contacts arrive before the removals are planned', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect();
    await stopAfterWrite(await account.saveKey({ include_tags: ['nobody'] }));
    for (const id of ids.slice(0, 15)) await account.change(id, { name: 'Renamed' });
    // Another contact that the filter excludes cannot have removed the address either.
    for (let index = 15; index < 30; index += 1) await account.create({ name: 'Heir', emails: [emailOf(index)] });
    await followHooks();
    expect(await listed()).toBe(30);
    await world.settle();
    await expectWaiting(30, 30);
  });

  it('R62: counts what a run has found removed although webhooks of the same contacts arrive before the removals are planned', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect();
    for (const id of ids) await account.change(id, { emails: [], hooks: false });
    const run = await world.harness.get(RunService).start({ accountId: account.accountId, mode: 'reconcile', trigger: 'operator' });
    await stopAfterWrite(run.run_id);
    for (const id of ids) await account.change(id, { name: 'Renamed' });
    await followHooks();
    expect(await listed()).toBe(30);
    await world.settle();
    await expectWaiting(30, 30);
  });

  it('R62: does not count webhooks that make contacts fail the filter', async () => {
    const ids = await account.createMany(vipContacts(30));
    await account.connect({ include_tags: ['VIP'] });
    for (const id of ids) await account.change(id, { tags: [] });
    await world.settle();
    expect(await listed()).toBe(0);
    expect(await waitingRun()).toBeUndefined();
  });

  it('R62: counts what a poll finds removed', async () => {
    await world.control.send('PATCH', `/kommo/accounts/${account.accountId}`, { webhooks_allowed: false });
    const ids = await account.createMany(vipContacts(30));
    await account.connect();
    const poll = async () => {
      clock.advance(16 * MINUTE_MS);
      await world.harness.get(Sweep).run();
      await world.work();
    };
    await poll();
    for (const id of ids.slice(0, 15)) await account.change(id, { emails: [] });
    for (const id of ids.slice(15)) await account.change(id, { name: 'Renamed' });
    await poll();
    await expectWaiting(30, 15);
    expect(await account.onList()).toMatchObject({ [emailOf(20)]: 'Renamed' });
    await account.confirmRemovals();
    expect(await listed()).toBe(15);
  });

  it('R62: counts what a changed filter removes although Unisender refused to remove the addresses before', async () => {
    const ids = await account.createMany(vipContacts(40));
    await account.connect({ delete_policy: 'exclude' });
    const leaving = ids.slice(0, 15);
    await refuseExcludes();
    for (const id of leaving) await account.remove(id);
    await world.settle();
    for (const id of leaving) await account.restore(id);
    await world.settle();
    await world.control.send('DELETE', refusals());
    for (const id of leaving) await account.change(id, { tags: [], hooks: false });
    expect(await account.connect({ include_tags: ['VIP'] })).toMatchObject({ state: 'completed', deleted: 0 });
    clock.advance(25 * 60 * MINUTE_MS);
    await world.work();
    await expectWaiting(40, 15);
    await account.confirmRemovals();
    expect(await listed()).toBe(25);
  });

  it('R62: does not count again what was confirmed when Unisender refuses to remove it at first', async () => {
    const ids = await account.createMany(vipContacts(40));
    await account.connect({ delete_policy: 'exclude' });
    await refuseExcludes();
    for (const id of ids.slice(0, 15)) await account.change(id, { tags: [], hooks: false });
    expect(await account.connect({ include_tags: ['VIP'] })).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 15 });
    await account.confirmRemovals();
    expect(await listed()).toBe(40);
    await world.control.send('DELETE', refusals());
    for (const id of ids.slice(0, 15)) await account.change(id, { name: 'Renamed' });
    await world.settle();
    clock.advance(25 * 60 * MINUTE_MS);
    await world.work();
    expect(await listed()).toBe(25);
  });

  it.each(['an export', 'a look'])('R62: counts the removals of addresses whose refusal ends by %s', async (way) => {
    const ids = await account.createMany(vipContacts(40));
    await account.connect();
    const setStatus = async (status: string) => {
      for (let index = 0; index < 15; index += 1) {
        await world.control.post(`/unisender/accounts/${account.unisenderKey}/status`, { email: emailOf(index), status });
      }
    };
    clock.advance(2 * 24 * 60 * MINUTE_MS);
    await setStatus('blocked');
    await world.settleUnisender();
    for (const id of ids.slice(0, 15)) await account.change(id, { tags: [], hooks: false });
    expect(await account.connect({ include_tags: ['VIP'] })).toMatchObject({ state: 'completed', deleted: 0 });
    clock.advance(60 * MINUTE_MS);
    await setStatus('active');
    if (way === 'an export') {
      await world.loseUnisenderHooks();
      await account.run('reconcile');
    } else await world.settleUnisender();
    await expectWaiting(40, 15);
    await account.confirmRemovals();
    expect(await listed()).toBe(25);
  });
});
