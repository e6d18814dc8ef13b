import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { DatabaseRequestLimiter, PauseStore, RateSlotStore, strictRule } from '#database';
import type { Database, RateRule } from '#database';
import type { Clock } from '#domain';
import { eventually } from '../../support/built-process.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const storesOf = (database: Database) => ({ slots: new RateSlotStore(database), pauses: new PauseStore(database) });

const limiterOn = (database: Database, rule: RateRule, clock: Clock = systemClock) =>
  new DatabaseRequestLimiter(storesOf(database), clock, () => rule);

/** The most that fall into any second. */
const mostInOneSecond = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 1000).length));

/** Slots on a slow disk: SQLite blocks the thread while it writes. */
class SlowSlots extends RateSlotStore {
  override async tryMove(moves: Parameters<RateSlotStore['tryMove']>[0]): Promise<boolean> {
    const until = performance.now() + SLOW_WRITE_MS;
    while (performance.now() < until);
    return super.tryMove(moves);
  }
}

const SLOW_WRITE_MS = 30;

describe('the request limiter on a slow disk', () => {
  const databases = openTestDatabases('sqlite');

  it('S04: serves 200 callers in their order, within the limit, and leaves time for other work', async () => {
    const database = await databases.open();
    const limiter = new DatabaseRequestLimiter({ ...storesOf(database), slots: new SlowSlots(database) }, systemClock, () =>
      strictRule(20),
    );
    const served: number[] = [];
    const times: number[] = [];
    let turns = 0;
    const ended = new AbortController();
    const otherWork = async () => {
      while (!ended.signal.aborted) {
        await systemClock.sleep(5);
        turns += 1;
      }
    };
    const other = otherWork();
    await Promise.all(
      Array.from({ length: 200 }, async (_, caller) => {
        await limiter.acquire(['strict']);
        served.push(caller);
        times.push(systemClock.nowMs());
      }),
    );
    ended.abort();
    await other;
    expect(served).toEqual(Array.from({ length: 200 }, (_, caller) => caller));
    expect(mostInOneSecond(times)).toBeLessThanOrEqual(20);
    expect(turns).toBeGreaterThan(200);
  });
});

describe.each(testDatabaseKinds())('the request limiter on %s', (kind) => {
  const databases = openTestDatabases(kind);

  it('keeps a strict limit in any second over several processes', async () => {
    const location = await databases.createMigrated();
    const processes = await Promise.all([1, 2, 3].map(() => databases.openAt(location)));
    const times: number[] = [];
    const callTwelveTimes = async (database: Database) => {
      const limiter = limiterOn(database, strictRule(20));
      await Promise.all(Array.from({ length: 12 }, () => limiter.acquire(['strict']).then(() => times.push(systemClock.nowMs()))));
    };
    await Promise.all(processes.map(callTwelveTimes));
    expect(times).toHaveLength(36);
    expect(mostInOneSecond(times)).toBeLessThanOrEqual(20);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(36 * strictRule(20).intervalMs * 2);
  });

  it('sends a burst at once, then the rest at the rate', async () => {
    const limiter = limiterOn(await databases.open(), { intervalMs: 2_000, burst: 5 });
    const start = systemClock.nowMs();
    await Promise.all(Array.from({ length: 5 }, () => limiter.acquire(['burst'])));
    expect(systemClock.nowMs() - start).toBeLessThan(1_900);
    await limiter.acquire(['burst']);
    expect(systemClock.nowMs() - start).toBeGreaterThanOrEqual(1_995);
  });

  it('holds a request until every key allows it', async () => {
    const database = await databases.open();
    const rules: Record<string, RateRule> = { wide: { intervalMs: 10, burst: 1 }, narrow: { intervalMs: 2_000, burst: 1 } };
    const limiter = new DatabaseRequestLimiter(storesOf(database), systemClock, (key) => rules[key] ?? strictRule(1));
    const start = systemClock.nowMs();
    await limiter.acquire(['wide', 'narrow']);
    const second = limiter.acquire(['wide', 'narrow', 'wide']);
    await limiter.acquire(['wide']);
    expect(systemClock.nowMs() - start).toBeLessThan(1_900);
    await second;
    expect(systemClock.nowMs() - start).toBeGreaterThanOrEqual(1_995);
  });

  it('refuses requests in every process while a key is paused', async () => {
    const location = await databases.createMigrated();
    let shiftMs = 0;
    const open = () => databases.openAt(location, { databaseNowMs: () => Date.now() + shiftMs });
    const [one, other] = await Promise.all([open(), open()]);
    const limiter = limiterOn(one, strictRule(1_000));
    await limiter.pause('vendor', { code: 'kommo_rate_limited', forMs: 600_000 });
    const refused = limiterOn(other, strictRule(1_000)).acquire(['vendor', 'vendor:7']);
    await expect(refused).rejects.toMatchObject({ code: 'vendor_paused', kind: 'transient' });
    await limiter.acquire(['another']);
    shiftMs = 600_000;
    await limiter.acquire(['vendor', 'vendor:7']);
  });

  it('S04: keeps the limit however many requests wait', async () => {
    const limiter = limiterOn(await databases.open(), { intervalMs: 1_000, burst: 1 });
    const abort = new AbortController();
    const times: number[] = [];
    const waiting = Array.from({ length: 400 }, () =>
      limiter.acquire(['slow'], abort.signal).then(
        () => times.push(systemClock.nowMs()),
        () => {},
      ),
    );
    await systemClock.sleep(3_500);
    abort.abort(new Error('enough'));
    await Promise.all(waiting);
    expect(times.length).toBeGreaterThanOrEqual(3);
    expect(times.length).toBeLessThanOrEqual(4);
  });

  it('rejects when its signal is aborted', async () => {
    const limiter = limiterOn(await databases.open(), { intervalMs: 60_000, burst: 1 });
    await limiter.acquire(['slow']);
    const abort = new AbortController();
    const waiting = limiter.acquire(['slow'], abort.signal);
    abort.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow('stopping');
    await expect(limiter.acquire(['slow'], abort.signal)).rejects.toThrow('stopping');
  });

  it('reserves another slot when it wakes too late and other requests have reserved the next ones', async () => {
    const start = 1_790_000_000_000;
    let now = start;
    const database = await databases.openAt(await databases.createMigrated(), { databaseNowMs: () => now });
    const rule = { intervalMs: 150, burst: 1 };
    const startProcess = (clock: Clock) => new DatabaseRequestLimiter(storesOf(database), clock, () => rule, { elapsedMs: () => now });
    const punctual: Clock = { nowMs: () => now, sleep: async (ms) => void (now += ms) };
    const others = startProcess(punctual);
    let isLate = false;
    const late: Clock = {
      nowMs: () => now,
      sleep: async (ms) => {
        const wakeAt = now + ms;
        if (!isLate && Math.abs(wakeAt - (start + 150)) < 1) {
          isLate = true;
          await others.acquire(['key']);
        }
        now = Math.max(now, wakeAt);
      },
    };
    await others.acquire(['key']);
    await startProcess(late).acquire(['key']);
    expect(isLate).toBe(true);
    expect(now - start).toBeCloseTo(450, 0);
  });

  it('S04: fails a request that waited too long, and keeps serving the others', async () => {
    const stores = storesOf(await databases.open());
    const limiter = new DatabaseRequestLimiter(stores, systemClock, () => ({ intervalMs: 400, burst: 1 }), { maxWaitMs: 1_000 });
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => limiter.acquire(['slow'])));
    const served = results.filter(({ status }) => status === 'fulfilled');
    expect(served.length).toBeGreaterThanOrEqual(2);
    expect(served.length).toBeLessThanOrEqual(3);
    expect(results.at(-1)).toMatchObject({ reason: { code: 'request_limit_busy', kind: 'transient' } });
    await limiter.acquire(['slow']);
  });

  it('S04: keeps a line of its own for exchanges: neither waits for the other', async () => {
    const database = await databases.open();
    const rules: Record<string, RateRule> = { kommo: { intervalMs: 20, burst: 1 }, 'kommo-exchange': { intervalMs: 700, burst: 1 } };
    const limiter = new DatabaseRequestLimiter(storesOf(database), systemClock, (key) => rules[key]);
    const left: string[] = [];
    const exchanges = [1, 2, 3].map((n) =>
      limiter.acquire(['kommo', 'kommo-exchange', `kommo-host:${n}`], undefined, 'kommo-exchange').then(() => left.push('exchange')),
    );
    await Promise.all(Array.from({ length: 20 }, () => limiter.acquire(['kommo', 'kommo:7']).then(() => left.push('call'))));
    expect(left.filter((name) => name === 'exchange').length).toBeLessThanOrEqual(2);
    await Promise.all(exchanges);
  });

  it('S04: lets accounts take turns', async () => {
    const limiter = limiterOn(await databases.open(), { intervalMs: 50, burst: 1 });
    const served: string[] = [];
    const call = (account: string) => limiter.acquire(['vendor', account]).then(() => served.push(account));
    await Promise.all([...Array.from({ length: 10 }, () => call('busy')), call('quiet')]);
    expect(served.indexOf('quiet')).toBeLessThanOrEqual(2);
  });
});

describe('the request limiter and the clock of the database', () => {
  const databases = openTestDatabases('sqlite');

  it('S04: keeps a strict limit in any second while the clock jumps', async () => {
    let shiftMs = 0;
    const location = await databases.createMigrated();
    const databaseNowMs = () => Date.now() + shiftMs;
    const processes = await Promise.all([1, 2, 3].map(() => databases.openAt(location, { databaseNowMs })));
    const ended = new AbortController();
    const times: number[] = [];
    const callOften = async (limiter: DatabaseRequestLimiter) => {
      while (!ended.signal.aborted) {
        await limiter.acquire(['strict'], ended.signal).then(
          () => times.push(performance.now()),
          () => {},
        );
      }
    };
    const calls = processes.flatMap((database) => {
      const limiter = limiterOn(database, strictRule(20));
      return [callOften(limiter), callOften(limiter)];
    });
    for (const jumpMs of [3_600_000, -7_200_000, 40, -500]) {
      const before = times.length;
      await eventually('requests leave', () => times.length > before + 10);
      shiftMs += jumpMs;
    }
    const before = times.length;
    await eventually('requests leave', () => times.length > before + 10);
    ended.abort(new Error('enough'));
    await Promise.all(calls);
    expect(mostInOneSecond(times)).toBeLessThanOrEqual(20);
  });
});
