import { beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AccountStore, DatabaseRequestLimiter, IntegrationStore, PauseStore, RateSlotStore } from '#database';
import type { Database } from '#database';
import { UNTIL_LIFTED_MS } from '#domain';
import { settableClock } from '../../support/settable-clock.js';
import { RecordingLogger } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const NOW = 1_790_000_000_000;
const MINUTE = 60_000;
const limited = { code: 'kommo_rate_limited', forMs: 5 * MINUTE } as const;
const blocked = { code: 'kommo_blocked', forMs: MINUTE, isGrowing: true } as const;
const kommo = { kind: 'vendor', id: 'kommo' } as const;

const clock = settableClock(NOW);

describe.each(testDatabaseKinds())('pauses on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let location: Awaited<ReturnType<typeof databases.createMigrated>>;
  let database: Database;
  let accounts: AccountStore;
  let pauses: PauseStore;
  let limiter: DatabaseRequestLimiter;
  let logger: RecordingLogger;

  const openProcess = async () => {
    const opened = await databases.openAt(location, { databaseNowMs: () => clock.nowMs() });
    const stores = { pauses: new PauseStore(opened), slots: new RateSlotStore(opened) };
    return { opened, pauses: stores.pauses, limiter: new DatabaseRequestLimiter(stores, systemClock, () => undefined, { logger }) };
  };

  const accountKey = (accountId: number) => `kommo:${accountId}`;
  const call = async (...keys: string[]) =>
    limiter.acquire(keys).then(
      () => 'sent',
      (error: unknown) => error,
    );

  beforeEach(async () => {
    clock.set(NOW);
    logger = new RecordingLogger();
    location = await databases.createMigrated();
    const process = await openProcess();
    database = process.opened;
    pauses = process.pauses;
    limiter = process.limiter;
    accounts = new AccountStore(database, clock);
    await new IntegrationStore(database, clock).save({ clientId: 'c', clientSecret: 's', redirectUri: 'https://us', domain: null });
    for (const accountId of [1, 2, 3]) {
      await accounts.install({ accountId, clientId: 'c', name: '', subdomain: '', host: '', apiDomain: null, accessScope: null });
    }
  });

  it('S03: a refusal of one account pauses that account only, in every process and after a restart', async () => {
    await limiter.pause(accountKey(1), limited);
    ({ limiter } = await openProcess());
    expect(await call('kommo', accountKey(1))).toMatchObject({ code: 'kommo_rate_limited', retryAfterMs: 5 * MINUTE });
    expect(await call('kommo', accountKey(2))).toBe('sent');
    expect(await call('kommo', 'kommo-exchange', 'kommo-host:acme.kommo.com')).toBe('sent');
    expect(await accounts.find(1)).toMatchObject({ pausedUntil: NOW + 5 * MINUTE, pauseCode: 'kommo_rate_limited' });
    expect(await accounts.find(2)).toMatchObject({ pausedUntil: 0, pauseCode: null });
    clock.set(NOW + 5 * MINUTE);
    expect(await call('kommo', accountKey(1))).toBe('sent');
  });

  it('S03: a refusal in an exchange of a code pauses exchanges with that host only', async () => {
    for (const host of ['developers.kommo.com', 'acme.kommo.com', 'other.kommo.com']) await limiter.pause(`kommo-host:${host}`, blocked);
    expect(await call('kommo', 'kommo-exchange', 'kommo-host:acme.kommo.com')).toMatchObject({ code: 'kommo_blocked' });
    expect(await call('kommo', 'kommo-exchange', 'kommo-host:new.kommo.com')).toBe('sent');
    for (const accountId of [1, 2, 3]) expect(await call('kommo', accountKey(accountId))).toBe('sent');
    expect(await pauses.findActive([kommo])).toEqual([]);
  });

  it('S03: two accounts that are refused within a minute pause the vendor, for 15 minutes at most', async () => {
    await limiter.pause(accountKey(1), { ...limited, forMs: 60 * MINUTE });
    clock.set(NOW + MINUTE);
    await limiter.pause(accountKey(2), { ...limited, forMs: 60 * MINUTE });
    expect(await call('kommo', accountKey(3))).toMatchObject({ code: 'vendor_paused', kind: 'transient' });
    expect(await call('kommo', 'kommo-exchange', 'kommo-host:acme.kommo.com')).toMatchObject({ code: 'vendor_paused' });
    expect(await pauses.findActive([kommo])).toMatchObject([{ since: NOW + MINUTE, until: NOW + 16 * MINUTE, code: 'kommo_rate_limited' }]);
    expect(logger.lines.join('\n')).toContain('vendor paused: two accounts were refused');
    clock.set(NOW + 16 * MINUTE);
    expect(await call('kommo', accountKey(3))).toBe('sent');
  });

  it('S03: refusals of one account, of accounts a minute apart, and of rights do not pause the vendor', async () => {
    await limiter.pause(accountKey(1), limited);
    await limiter.pause(accountKey(1), limited);
    clock.set(NOW + MINUTE + 1);
    await limiter.pause(accountKey(2), limited);
    await pauses.add({ kind: 'account', id: '3' }, { code: 'kommo_forbidden', untilMs: NOW + 10 * MINUTE });
    expect(await pauses.findActive([kommo])).toEqual([]);
    expect(await call('kommo', 'kommo:4')).toBe('sent');
  });

  it('S03: refusals of accounts that are not stored do not pause the vendor', async () => {
    for (const accountId of [71, 72, 73]) await limiter.pause(accountKey(accountId), limited);
    await limiter.pause(accountKey(1), limited);
    expect(await pauses.findActive([kommo])).toEqual([]);
  });

  it('S03: a 403 that repeats pauses for twice as long each time', async () => {
    const lengths: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      await limiter.pause(accountKey(1), blocked);
      const [pause] = await pauses.findActive([{ kind: 'account', id: '1' }]);
      lengths.push(((pause?.until ?? 0) - clock.nowMs()) / MINUTE);
      clock.set((pause?.until ?? 0) + 1);
    }
    expect(lengths).toEqual([1, 2, 4, 8, 15, 15]);
  });

  it('S03: an operator lifts the pause of an account or a vendor', async () => {
    await limiter.pause(accountKey(1), limited);
    await pauses.add(kommo, { code: 'paused_by_operator', untilMs: UNTIL_LIFTED_MS, reason: 'maintenance' });
    expect(await pauses.listActive(9)).toMatchObject([
      { kind: 'vendor', id: 'kommo', code: 'paused_by_operator', until: UNTIL_LIFTED_MS, reason: 'maintenance' },
      { kind: 'account', id: '1', code: 'kommo_rate_limited', reason: null },
    ]);
    expect(await call('kommo', accountKey(2))).toMatchObject({ code: 'vendor_paused', retryAfterMs: MINUTE });
    expect(await pauses.lift(kommo)).toBe(1);
    expect(await pauses.lift({ kind: 'account', id: '1' })).toBe(1);
    expect(await pauses.lift({ kind: 'account', id: '1' })).toBe(0);
    expect(await call('kommo', accountKey(1))).toBe('sent');
    expect(await accounts.find(1)).toMatchObject({ pausedUntil: 0, pauseCode: null });
  });

  it('keeps the longest pause of an account in its row, and an operator’s pause from the requests', async () => {
    const account = { kind: 'account', id: '1' } as const;
    await pauses.add(account, { code: 'paused_by_operator', untilMs: NOW + 60 * MINUTE });
    await pauses.add(account, { code: 'kommo_payment_required', untilMs: NOW + 90 * MINUTE });
    expect(await accounts.find(1)).toMatchObject({ pausedUntil: NOW + 90 * MINUTE, pauseCode: 'kommo_payment_required' });
    expect(await call('kommo', accountKey(1))).toBe('sent');
    expect(await pauses.lift(account, 'paused_by_operator')).toBe(1);
    expect(await accounts.find(1)).toMatchObject({ pausedUntil: NOW + 60 * MINUTE, pauseCode: 'paused_by_operator' });
  });

  it('S04: forgets pauses and slots that are not used any more', async () => {
    const slots = new RateSlotStore(database);
    await slots.tryMove([{ key: 'kommo:1', from: undefined, to: NOW }]);
    await limiter.pause('kommo-host:invented.kommo.com', blocked);
    expect(await slots.purge(NOW)).toBe(0);
    expect(await pauses.purge(NOW + MINUTE)).toBe(0);
    expect(await slots.purge(NOW + 1)).toBe(1);
    expect(await pauses.purge(NOW + MINUTE + 1)).toBe(1);
  });
});
