import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { DatabaseRequestLimiter, RateSlotStore, strictRule } from '#database';
import type { Database, RateRule } from '#database';
import type { Clock } from '#domain';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const limiterOn = (database: Database, rule: RateRule, clock: Clock = systemClock) =>
  new DatabaseRequestLimiter(new RateSlotStore(database), clock, () => rule);

/** The most that fall into any second. */
const mostInOneSecond = (times: readonly number[]): number =>
  Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 1000).length));

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
    const limiter = limiterOn(await databases.open(), { intervalMs: 500, burst: 5 });
    const start = systemClock.nowMs();
    await Promise.all(Array.from({ length: 5 }, () => limiter.acquire(['burst'])));
    expect(systemClock.nowMs() - start).toBeLessThan(400);
    await limiter.acquire(['burst']);
    expect(systemClock.nowMs() - start).toBeGreaterThanOrEqual(495);
  });

  it('holds a request until every key allows it', async () => {
    const database = await databases.open();
    const rules: Record<string, RateRule> = { wide: { intervalMs: 10, burst: 1 }, narrow: { intervalMs: 600, burst: 1 } };
    const limiter = new DatabaseRequestLimiter(new RateSlotStore(database), systemClock, (key) => rules[key] ?? strictRule(1));
    const start = systemClock.nowMs();
    await limiter.acquire(['wide', 'narrow']);
    const second = limiter.acquire(['wide', 'narrow', 'wide']);
    await limiter.acquire(['wide']);
    expect(systemClock.nowMs() - start).toBeLessThan(500);
    await second;
    expect(systemClock.nowMs() - start).toBeGreaterThanOrEqual(595);
  });

  it('refuses requests in every process while a key is paused', async () => {
    const location = await databases.createMigrated();
    const [one, other] = await Promise.all([databases.openAt(location), databases.openAt(location)]);
    const limiter = limiterOn(one, strictRule(1_000));
    await limiter.pause('vendor', 400);
    const refused = limiterOn(other, strictRule(1_000)).acquire(['vendor', 'vendor:7']);
    await expect(refused).rejects.toMatchObject({ code: 'vendor_paused', kind: 'transient' });
    await limiter.acquire(['another']);
    await systemClock.sleep(420);
    await limiter.acquire(['vendor', 'vendor:7']);
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
    const database = await databases.open();
    let now = 1_790_000_000_000;
    let oversleepMs = 0;
    const rule = { intervalMs: 150, burst: 1 };
    const clock: Clock = { nowMs: () => now, sleep: async (ms) => void (now += ms + oversleepMs) };
    const late = limiterOn(database, rule, clock);
    await late.acquire(['key']);
    const others = limiterOn(database, rule, { nowMs: () => now, sleep: () => Promise.resolve() });
    const behind: Clock = {
      nowMs: () => now,
      sleep: async (ms) => {
        if (oversleepMs === 0) {
          oversleepMs = 40;
          await others.acquire(['key']);
        } else {
          oversleepMs = 0.1;
        }
        now += ms + oversleepMs;
      },
    };
    await limiterOn(database, rule, behind).acquire(['key']);
    expect(now - 1_790_000_000_000).toBeCloseTo(450, 0);
  });
});
