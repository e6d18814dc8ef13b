import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RunStore } from '#database';
import { RunService, RunWorker } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `Person ${index}`,
    emails: [`p${index}@example.com`],
    tags: ['VIP'],
    hooks: false,
  }));

describe.each(testDatabaseKinds())('approvals of removals on %s', (kind) => {
  const { enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;
  let service: RunService;

  beforeEach(async () => {
    ({ world, account } = await enter());
    service = world.harness.get(RunService);
  });

  const listed = async () => Object.keys(await account.onList()).length;
  const continueRun = (runId: string) => world.harness.get(RunWorker).continueRun(runId, new AbortController().signal);

  it('R62: a job that was enqueued twice does not start a run that waits', async () => {
    const ids = await account.createMany(many(30));
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
