import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { systemClock } from '#clock';
import { type DatabaseKind, DatabaseRequestLimiter, PauseStore, RateSlotStore } from '#database';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/sandbox.js';
import { type HarnessOptions, ShiftedClock } from './sync-harness.js';
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

  const enterWith = async (options: Parameters<typeof SyncWorld.open>[0]): Promise<{ world: SyncWorld; account: SyncedAccount }> => {
    const world = await SyncWorld.open(options);
    worlds.push(world);
    return { world, account: await world.addAccount() };
  };
  const enter = async (options: Pick<HarnessOptions, 'limiter' | 'clock' | 'databaseClock'> = {}) =>
    enterWith({ database: await databases.open(), sandbox, clock, ...options });

  /** As `enter`, with the pauses of the service by the clock of the suite, and without limits. */
  const enterWithPauses = async () => {
    const database = await databases.open({ databaseNowMs: () => clock.nowMs() });
    const stores = { slots: new RateSlotStore(database), pauses: new PauseStore(database) };
    return enterWith({ database, sandbox, clock, limiter: new DatabaseRequestLimiter(stores, systemClock, () => undefined) });
  };
  return { clock, enter, enterWithPauses };
}

/** Contacts with the tag VIP and an address each, `p<index>@example.com`; no webhook tells of them. */
export const vipContacts = (count: number, change: Readonly<Record<string, unknown>> = {}) =>
  Array.from({ length: count }, (_, index) => ({
    name: `Person ${index}`,
    emails: [`p${index}@example.com`],
    tags: ['VIP'],
    hooks: false,
    ...change,
  }));
