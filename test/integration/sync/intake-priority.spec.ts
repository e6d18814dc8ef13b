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

  it('makes work pause for four times its own time while webhooks wait, also with clocks an hour apart', async () => {
    const [api, worker] = [startProcess(), startProcess(-HOUR_MS)];
    await worker.priority.giveWay();
    nowMs += 300;
    await api.priority.noteWaiting(8);
    await worker.priority.giveWay();
    nowMs += 60;
    await worker.priority.giveWay();
    expect(worker.clock.slept).toEqual([1_000, 240]);
  });

  it('looks at most once in 50 ms, and lets work that runs at the same time share a pause', async () => {
    const [api, worker] = [startProcess(), startProcess()];
    await api.priority.noteWaiting(8);
    await Promise.all([worker.priority.giveWay(), worker.priority.giveWay()]);
    nowMs += 40;
    await worker.priority.giveWay();
    expect(worker.clock.slept).toEqual([1_000]);
  });

  it('makes nothing pause for fewer webhooks, nor half a second later', async () => {
    const [api, worker] = [startProcess(), startProcess()];
    await api.priority.noteWaiting(7);
    await worker.priority.giveWay();
    await api.priority.noteWaiting(8);
    nowMs += 500;
    await worker.priority.giveWay();
    expect(worker.clock.slept).toEqual([]);
  });

  it('extends the time once in 100 ms, also after the clock was set back', async () => {
    const [api, worker] = [startProcess(), startProcess()];
    await api.priority.noteWaiting(8);
    nowMs += 99;
    await api.priority.noteWaiting(8);
    nowMs += 401;
    await worker.priority.giveWay();
    expect(worker.clock.slept).toEqual([]);
    nowMs -= HOUR_MS;
    await api.priority.noteWaiting(8);
    await worker.priority.giveWay();
    expect(worker.clock.slept).toHaveLength(1);
  });

  it('regards no failure of the database', async () => {
    const api = startProcess();
    await database.close();
    await api.priority.noteWaiting(8);
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
