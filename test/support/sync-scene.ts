import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { DatabaseKind } from '#database';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/sandbox.js';
import { ShiftedClock } from './sync-harness.js';
import { type SyncedAccount, SyncWorld } from './sync-world.js';
import { openTestDatabases } from './test-databases.js';

/** Sets up a suite with one sandbox. `enter` creates a world with a new database for a test. Everything is closed automatically. */
export function openSyncScene(kind: DatabaseKind) {
  const databases = openTestDatabases(kind);
  const clock = new ShiftedClock();
  const worlds: SyncWorld[] = [];
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({ clock });
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });
  afterAll(() => sandbox.close());

  const enter = async (): Promise<{ world: SyncWorld; account: SyncedAccount }> => {
    const world = await SyncWorld.open({ database: await databases.open(), sandbox, clock });
    worlds.push(world);
    return { world, account: await world.addAccount() };
  };
  return { clock, enter };
}
