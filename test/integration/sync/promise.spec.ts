import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { HistoryPlayer, type Network, addPreexistingAddresses, findBrokenPromises, history } from '../../support/promise-history.js';
import { SyncWorld } from '../../support/sync-world.js';
import { ShiftedClock } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const networkOf = (world: SyncWorld): Network => ({
  deliver: async ({ copies, order }) => {
    await world.control.set({ 'kommo.hook_order': order });
    await world.settle();
    await world.control.set({ 'kommo.hook_duplicates': copies });
  },
  lose: () => world.loseHooks(),
});

const RUNS = { sqlite: 60, mysql: 12 } as const;
const seed = 807673159;

describe.each(testDatabaseKinds())('the promise on %s', (kind) => {
  const databases = openTestDatabases(kind);
  const clock = new ShiftedClock();
  let sandbox: Sandbox;
  let world: SyncWorld;

  beforeAll(async () => {
    sandbox = await startSandbox({ clock });
    world = await SyncWorld.open({ database: await databases.open(), sandbox, clock });
  });
  afterAll(async () => {
    await world.close();
    await sandbox.close();
  });

  it(`holds after every history (seed ${seed})`, async () => {
    const property = fc.asyncProperty(history, async (steps) => {
      const account = await world.addAccount();
      const before = await addPreexistingAddresses(account);
      await account.connect();
      await new HistoryPlayer(networkOf(world), account).play(steps);
      expect(await findBrokenPromises(account, before)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS[kind], seed, endOnFailure: false });
  }, 600_000);
});
