import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Database, ThroughputCounter, ThroughputStore } from '#database';
import { type Clock, type LogFields, silentLogger } from '#domain';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const BEGAN_AT = 1_790_000_000_000;

/** A clock whose sleeps end only when they are aborted. */
class StoppedClock implements Clock {
  lastSleepMs = 0;

  constructor(private readonly now: number) {}

  nowMs(): number {
    return this.now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.lastSleepMs = ms;
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  }
}

describe.each(testDatabaseKinds())('the counts of work on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let database: Database;
  let store: ThroughputStore;

  beforeEach(async () => {
    database = await databases.open();
    store = new ThroughputStore(database);
  });

  const list = async () => (await store.list(0)).map(({ counter, beganAt, total }) => [counter, beganAt, total]);

  it('of several processes add up in one row per counter and ten seconds', async () => {
    const clocks = [new StoppedClock(BEGAN_AT + 4_000), new StoppedClock(BEGAN_AT + 9_000)];
    const counters = clocks.map((clock) => new ThroughputCounter(store, clock, silentLogger));
    for (const counter of counters) {
      counter.count('hooks');
      counter.count('hooks', 2);
      counter.count('pushes', 0);
    }
    expect(clocks.map(({ lastSleepMs }) => lastSleepMs)).toEqual([6_000, 1_000]);
    expect(await list()).toEqual([]);
    await Promise.all(counters.map((counter) => counter.beforeApplicationShutdown()));
    expect(await list()).toEqual([['hooks', BEGAN_AT, 6]]);
  });

  it('are deleted after an hour', async () => {
    await store.add(BEGAN_AT, new Map([['pushes', 1]]));
    await store.add(BEGAN_AT + 3_600_000, new Map([['pushes', 2]]));
    expect(await list()).toEqual([
      ['pushes', BEGAN_AT, 1],
      ['pushes', BEGAN_AT + 3_600_000, 2],
    ]);
    await store.add(BEGAN_AT + 3_610_000, new Map([['pushes', 3]]));
    expect((await list()).map(([, , total]) => total)).toEqual([2, 3]);
  });

  it('that cannot be stored disturb nothing', async () => {
    const lines: [string, LogFields | undefined][] = [];
    const logger = { ...silentLogger, debug: (message: string, fields?: LogFields) => void lines.push([message, fields]) };
    const failing = { add: () => Promise.reject(new Error('down')) } as unknown as ThroughputStore;
    const counter = new ThroughputCounter(failing, new StoppedClock(BEGAN_AT), logger);
    counter.count('hooks');
    await counter.beforeApplicationShutdown();
    counter.count('hooks');
    expect(lines.map(([message]) => message)).toEqual(['throughput not stored']);
  });
});
