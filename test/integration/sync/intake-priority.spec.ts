import { beforeEach, describe, expect, it } from '@jest/globals';
import { Database, RateSlotStore } from '#database';
import type { Clock } from '#domain';
import { IntakePriority } from '../../../libs/sync/src/intake/intake-priority.js';
import { RecordingLogger } from '../../support/sync-harness.js';
import { openSyncScene } from '../../support/sync-scene.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

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

describe.each(testDatabaseKinds())('the priority of the intake on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let nowMs: number;
  let database: Database;

  beforeEach(async () => {
    nowMs = NOW;
    database = await databases.open({ databaseNowMs: () => nowMs });
  });

  const startProcess = (skewMs = 0) => {
    const clock = new RecordingClock(() => nowMs + skewMs);
    const logger = new RecordingLogger();
    return { clock, logger, priority: new IntakePriority(new RateSlotStore(database), clock, logger) };
  };

  /** Stores webhooks for a quarter of a second. */
  const storeAt = async ({ priority }: ReturnType<typeof startProcess>, perSecond: number) => {
    for (let passedMs = 0; passedMs <= 250; passedMs += 10) {
      await priority.noteStored(perSecond / 100);
      nowMs += 10;
    }
  };

  it('makes work pause for four times its own time while webhooks are many, also with clocks an hour apart', async () => {
    const [api, worker] = [startProcess(), startProcess(-HOUR_MS)];
    await worker.priority.giveWay();
    await storeAt(api, 1_500);
    await worker.priority.giveWay();
    nowMs += 60;
    await worker.priority.giveWay();
    expect(worker.clock.slept).toEqual([1_000, 240]);
  });

  it('looks at most once in 50 ms, and lets work that runs at the same time share a pause', async () => {
    const [api, worker] = [startProcess(), startProcess()];
    await storeAt(api, 1_500);
    await Promise.all([worker.priority.giveWay(), worker.priority.giveWay()]);
    nowMs += 40;
    await worker.priority.giveWay();
    expect(worker.clock.slept).toEqual([1_000]);
  });

  it('makes nothing pause for fewer webhooks, nor half a second after the last of many', async () => {
    const [api, worker] = [startProcess(), startProcess()];
    await storeAt(api, 800);
    await worker.priority.giveWay();
    await storeAt(api, 1_500);
    nowMs += 500;
    await worker.priority.giveWay();
    expect(worker.clock.slept).toEqual([]);
  });

  it('regards no clock that was set back, and no failure of the database', async () => {
    const api = startProcess();
    await storeAt(api, 1_500);
    nowMs -= HOUR_MS;
    await storeAt(api, 800);
    await database.close();
    await storeAt(api, 1_500);
    expect(api.logger.lines[0]).toMatch(/^warn intake not given priority/);
  });
});

describe('work on an account', () => {
  const { enter } = openSyncScene('sqlite');

  it('gives way to the intake before each of its transactions, and never inside one', async () => {
    const { world, account } = await enter();
    const database = world.harness.get(Database);
    const priority = world.harness.get(IntakePriority);
    const inTransaction: boolean[] = [];
    priority.giveWay = async () => void inTransaction.push(database.isInTransaction);
    await account.create({ name: 'Anna', emails: ['anna@example.com'] });
    await account.connect();
    expect(Object.keys(await account.onList())).toEqual(['anna@example.com']);
    expect(inTransaction.length).toBeGreaterThan(3);
    expect(inTransaction).not.toContain(true);
  });
});
