import { beforeEach, describe, expect, it } from '@jest/globals';
import { Database, EventStore, LeaseStore } from '#database';
import type { Clock } from '#domain';
import { FencedTransactions } from '../../../libs/sync/src/push/account-lease.js';
import { openSyncScene } from '../../support/sync-scene.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const ACCOUNT_ID = 32_000_001;
const NOW = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;

/** A clock whose sleeps take no time. */
class RecordingClock implements Clock {
  readonly slept: number[] = [];

  constructor(private readonly now: () => number) {}

  nowMs = () => this.now();

  async sleep(ms: number): Promise<void> {
    this.slept.push(ms);
  }
}

/** Every lease is held. */
class GivenLeases extends LeaseStore {
  override async assertFence(): Promise<void> {}
}

describe.each(testDatabaseKinds())('a burst of webhooks on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let nowMs: number;
  let events: EventStore;
  let database: Database;

  beforeEach(async () => {
    nowMs = NOW;
    database = await databases.open({ databaseNowMs: () => nowMs });
    events = new EventStore(database, new RecordingClock(() => nowMs));
  });

  /** A process that works on accounts, with a clock that is an hour behind. */
  const startWorker = () => {
    const clock = new RecordingClock(() => nowMs - HOUR_MS);
    const transactions = new FencedTransactions(database, new GivenLeases(database), events, clock);
    const write = () => transactions.run({ accountId: ACCOUNT_ID, fence: 1 }, async () => {});
    return { slept: clock.slept, write };
  };

  it('makes work pause for four times its own time, a second at most', async () => {
    const { slept, write } = startWorker();
    await write();
    await events.announceBurst(500);
    nowMs += 300;
    await write();
    nowMs += 60;
    await write();
    expect(slept).toEqual([1_000, 240]);
  });

  it('is looked for once in 20 ms', async () => {
    const { slept, write } = startWorker();
    await write();
    await events.announceBurst(500);
    nowMs += 15;
    await write();
    expect(slept).toEqual([]);
    nowMs += 15;
    await write();
    expect(slept).toEqual([120]);
  });

  it('ends with the time of its last announcement', async () => {
    const { slept, write } = startWorker();
    await events.announceBurst(500);
    nowMs += 100;
    await events.announceBurst(500);
    nowMs += 500;
    await write();
    expect(slept).toEqual([]);
  });
});

describe('work on an account', () => {
  const { clock, enter } = openSyncScene('sqlite');

  it('looks for a burst before its transactions, never inside one', async () => {
    const { world, account } = await enter();
    const database = world.harness.get(Database);
    const transactions = world.harness.get(FencedTransactions);
    const run = transactions.run.bind(transactions);
    transactions.run = async (...input) => {
      clock.advance(100);
      return run(...input);
    };
    const looks: string[] = [];
    world.harness.get(EventStore).isBurstAnnounced = async () => {
      looks.push(database.isInTransaction ? 'inside' : 'outside');
      return false;
    };
    await account.create({ name: 'Anna', emails: ['anna@example.com'] });
    await account.connect();
    expect(Object.keys(await account.onList())).toEqual(['anna@example.com']);
    expect(looks.length).toBeGreaterThan(3);
    expect(looks).not.toContain('inside');
  });
});
