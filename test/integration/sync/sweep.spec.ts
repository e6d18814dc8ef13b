import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { ShiftedClock } from '../../support/sync-harness.js';
import { type SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

describe.each(testDatabaseKinds())('the sweep on %s', (kind) => {
  const databases = openTestDatabases(kind);
  const clock = new ShiftedClock();
  let sandbox: Sandbox;
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeAll(async () => {
    sandbox = await startSandbox({ clock });
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    world = await SyncWorld.open({ database: await databases.open(), sandbox, clock });
    account = await world.addAccount();
    await account.connect();
  });
  afterEach(() => world.close());

  /** How many jobs a round puts; they are lost. */
  const sweep = async (): Promise<number> => {
    const { jobs, services } = world.harness;
    jobs.splice(0);
    await services.sweep.run();
    return jobs.splice(0).length;
  };
  const loseAJob = async () => {
    const hook = { contacts: { delete: [{ id: '7', type: 'contact' }] } };
    await world.harness.services.inbox.receiveKommo(account.accountId, hook);
    clock.advance(31_000);
  };

  it('R33: puts the job of events again that was lost', async () => {
    expect(await sweep()).toBe(0);
    await loseAJob();
    expect(await sweep()).toBe(1);
    await world.work();
    clock.advance(31_000);
    expect(await sweep()).toBe(0);
  });

  it('puts it less and less often while nothing comes of it', async () => {
    await loseAJob();
    const put: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      put.push(await sweep());
      clock.advance(30_000);
    }
    expect(put.slice(0, 8)).toEqual([1, 1, 0, 1, 0, 0, 0, 1]);
    expect(put.reduce((sum, count) => sum + count)).toBe(7);
  });

  it('puts nothing for an account that waits for a human', async () => {
    await loseAJob();
    await world.harness.context.stores.accounts.setStatus(account.accountId, 'reauthorization_required');
    expect(await sweep()).toBe(0);
  });

  it('R08: puts the job of a run again that nobody carries on', async () => {
    await world.harness.services.runs.start({ accountId: account.accountId, mode: 'import', trigger: 'operator' });
    expect(await sweep()).toBe(0);
    clock.advance(61_000);
    expect(await sweep()).toBe(1);
  });
});
