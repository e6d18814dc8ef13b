import { beforeEach, describe, expect, it } from '@jest/globals';
import { TransientError } from '#domain';
import { RunService, RunWorker } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const [kind = 'sqlite'] = testDatabaseKinds();

describe('exports of Unisender', () => {
  const { enter, clock } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
    await account.createMany([
      { name: 'A', emails: ['a@example.com'], hooks: false },
      { name: 'B', emails: ['b@example.com'], hooks: false },
    ]);
  });

  const exportCalls = async () => (await world.control.calls('async/exportContacts')).length;
  /** One job of a run. */
  const continueRun = async (runId: string) => world.harness.get(RunWorker).continueRun(runId, new AbortController().signal);
  const start = async () => {
    const run = await world.harness.get(RunService).start({ accountId: account.accountId, mode: 'reconcile', trigger: 'operator' });
    world.harness.jobs.splice(0);
    return run.run_id;
  };

  it.each(['html', 'json', 'zip', 'other_header', 'no_header', 'empty', 'cut'])(
    'R75: fail the run when the file is %s; nothing is changed in Unisender',
    async (file) => {
      await account.connect();
      await account.unsubscribe('a@example.com');
      await world.control.set({ 'unisender.export_file': file });
      await world.control.forgetCalls();
      const run = await account.run('reconcile');
      expect(run).toMatchObject({ state: 'failed', error: expect.stringContaining('unisender_export_unusable') });
      expect(await world.control.calls('importContacts')).toEqual([]);
      await world.control.set({ 'unisender.export_file': 'csv' });
      expect(await account.run('reconcile')).toMatchObject({ state: 'completed' });
    },
  );

  it.each([
    ['bom', ','],
    ['csv', ';'],
  ])('R75: are read with a byte order mark or another delimiter: %s %s', async (file, delimiter) => {
    await world.control.set({
      'unisender.export_file': file,
      'unisender.export_delimiter': delimiter,
      'unisender.export_gzip': file === 'bom',
    });
    await account.addToUnisender({ email: 'a@example.com', status: 'unsubscribed' });
    expect(await account.connect()).toMatchObject({ state: 'completed', created: 1 });
  });

  it('R75: without a file twice mean an empty account before the first push', async () => {
    await world.control.set({ 'unisender.export_task': 'no_file' });
    expect(await account.connect()).toMatchObject({ state: 'completed', created: 2 });
    expect(await exportCalls()).toBe(2);
  });

  it('R75: without a file fail the run when addresses were pushed', async () => {
    await account.connect();
    await world.control.set({ 'unisender.export_task': 'no_file' });
    expect(await account.run('reconcile')).toMatchObject({ state: 'failed', error: expect.stringContaining('unisender_export_unusable') });
    expect(Object.keys(await account.onList())).toEqual(['a@example.com', 'b@example.com']);
  });

  it('R75: of an unknown status are replaced once at once, then once an hour', async () => {
    await account.connect();
    await world.control.set({ 'unisender.export_task': 'unknown_status' });
    await world.control.forgetCalls();
    const runId = await start();
    await expect(continueRun(runId)).rejects.toBeInstanceOf(TransientError);
    expect(await exportCalls()).toBe(2);
    clock.advance(59 * 60_000);
    await expect(continueRun(runId)).rejects.toBeInstanceOf(TransientError);
    expect(await exportCalls()).toBe(2);
    clock.advance(3_600_000);
    await expect(continueRun(runId)).rejects.toBeInstanceOf(TransientError);
    expect(await exportCalls()).toBe(3);
    await world.control.set({ 'unisender.export_task': 'file' });
    clock.advance(3_600_000);
    await continueRun(runId);
    await world.work();
    expect(await world.getRun(runId)).toMatchObject({ state: 'completed' });
  });
});
