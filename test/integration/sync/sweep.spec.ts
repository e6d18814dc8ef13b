import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore, LeaseStore, PauseStore } from '#database';
import type { ErrorCode } from '#domain';
import { AccountSync, BuriedJobs, KommoInbox, RunService, Sweep, WriteBack } from '#sync';
import { eventually } from '../../support/built-process.js';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

describe.each(testDatabaseKinds())('the sweep on %s', (kind) => {
  const { clock, enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
    await account.connect();
  });

  /** Runs a round and drops its jobs. Returns their number. */
  const sweep = async (): Promise<number> => {
    const { jobs } = world.harness;
    jobs.splice(0);
    await world.harness.get(Sweep).run();
    return jobs.splice(0).length;
  };
  const loseAJob = async () => {
    const hook = { contacts: { delete: [{ id: '7', type: 'contact' }] } };
    await world.harness.get(KommoInbox).receive(account.accountId, hook);
    clock.advance(31_000);
  };

  it('R33: enqueues a job for events whose job was lost', async () => {
    expect(await sweep()).toBe(0);
    await loseAJob();
    expect(await sweep()).toBe(1);
    await world.work();
    clock.advance(31_000);
    expect(await sweep()).toBe(0);
  });

  it('enqueues it less and less often while the events still wait', async () => {
    await loseAJob();
    const put: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      put.push(await sweep());
      clock.advance(30_000);
    }
    expect(put.slice(0, 8)).toEqual([1, 1, 0, 1, 0, 0, 0, 1]);
    expect(put.reduce((sum, count) => sum + count)).toBe(7);
  });

  it('enqueues nothing for an account that must be authorised again', async () => {
    await loseAJob();
    await world.harness.get(AccountStore).setStatus(account.accountId, 'reauthorization_required');
    expect(await sweep()).toBe(0);
  });

  it('R08: enqueues a job for a run that no worker continues', async () => {
    await world.harness.get(RunService).start({ accountId: account.accountId, mode: 'import', trigger: 'operator' });
    expect(await sweep()).toBe(0);
    clock.advance(61_000);
    expect(await sweep()).toBe(1);
  });

  it('enqueues nothing for the run of a paused account, which has a job', async () => {
    await world.harness.get(RunService).start({ accountId: account.accountId, mode: 'import', trigger: 'operator' });
    await world.harness
      .get(PauseStore)
      .add({ kind: 'account', id: String(account.accountId) }, { code: 'kommo_payment_required', untilMs: clock.nowMs() + 3_600_000 });
    clock.advance(61_000);
    expect(await sweep()).toBe(0);
  });
});

describe.each(testDatabaseKinds())('jobs of one account on %s', (kind) => {
  const { clock, enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
    await account.connect();
    world.harness.jobs.splice(0);
  });

  const { signal } = new AbortController();
  const process = (isRetry: boolean) => {
    clock.advance(1_000);
    return world.harness.get(AccountSync).processEvents(account.accountId, signal, async () => isRetry);
  };
  const change = async () => {
    await account.create({ name: 'New', emails: ['new@example.com'] });
    await world.control.post('/kommo/hooks/flush');
  };

  it('end while the account is paused; the sweep enqueues one afterwards', async () => {
    await world.harness
      .get(PauseStore)
      .add({ kind: 'account', id: String(account.accountId) }, { code: 'kommo_payment_required', untilMs: clock.nowMs() + 3_600_000 });
    await expect(process(false)).resolves.toBeUndefined();
    await expect(world.harness.get(WriteBack).run(account.accountId, signal)).resolves.toBeUndefined();
    await change();
    clock.advance(3_600_001);
    world.harness.jobs.splice(0);
    await world.harness.get(Sweep).run();
    expect(world.harness.jobs).toEqual([{ tube: 'contacts', payload: { account_id: account.accountId } }]);
  });

  it('are retried one at a time while a vendor fails, however many hooks arrive', async () => {
    await change();
    await world.control.fault({ target: 'unisender', kind: '500', match: 'importContacts' });
    await expect(process(false)).rejects.toMatchObject({ code: 'unisender_unavailable' });
    await expect(process(false)).resolves.toBeUndefined();
    await expect(process(true)).rejects.toMatchObject({ code: 'unisender_unavailable' });
    await world.control.clearFaults();
    await process(true);
    expect(Object.keys(await account.onList())).toEqual(['new@example.com']);
  });

  const bury = (error: { code: ErrorCode }) =>
    world.harness.get(BuriedJobs).record({
      tube: 'contacts',
      server: '127.0.0.1:11300',
      jobId: '1',
      body: JSON.stringify({ account_id: account.accountId }),
      code: error.code,
      reason: 'test',
    });

  it('are buried for every permanent error, also after an earlier one was buried', async () => {
    await change();
    await world.control.fault({ target: 'unisender', kind: 'unknown_method', match: 'importContacts' });
    await expect(process(false)).rejects.toMatchObject({ code: 'unisender_unknown_method' });
    await bury({ code: 'unisender_unknown_method' });
    await expect(process(false)).rejects.toMatchObject({ code: 'unisender_unknown_method' });
    await expect(process(false)).rejects.toMatchObject({ code: 'unisender_unknown_method' });
  });

  it('are retried again after one of them was buried for a transient error', async () => {
    await change();
    await world.control.fault({ target: 'unisender', kind: '500', match: 'importContacts' });
    await expect(process(false)).rejects.toMatchObject({ code: 'unisender_unavailable' });
    await bury({ code: 'unisender_unavailable' });
    await expect(process(false)).rejects.toMatchObject({ code: 'unisender_unavailable' });
    await expect(process(false)).resolves.toBeUndefined();
  });

  it('tag in Kommo an unsubscribe that arrived while the account was held', async () => {
    await change();
    await process(false);
    const fence = await world.harness.get(LeaseStore).acquire(account.accountId, 'other', 60_000);
    await account.unsubscribe('new@example.com');
    await world.control.post('/unisender/hooks/flush');
    const countContactsJobs = () => world.harness.jobs.filter(({ tube }) => tube === 'contacts').length;
    await eventually('the jobs of both hooks', () => countContactsJobs() === 2);
    await world.harness.get(WriteBack).run(account.accountId, signal);
    expect(await world.harness.get(LeaseStore).release(account.accountId, fence ?? 0)).toBe(true);
    await world.harness.get(LeaseStore).acquire(account.accountId, 'other', 60_000);
    expect(await world.harness.get(LeaseStore).requestJobOnRelease(account.accountId)).toBe(true);
    clock.advance(60_001);
    world.harness.jobs.splice(0);
    await process(false);
    expect(world.harness.jobs.map(({ tube }) => tube)).toEqual(['write-backs', 'contacts']);
  });
});
