import { beforeEach, describe, expect, it } from '@jest/globals';
import { EventStore } from '#database';
import { AccountSync } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';

const CONTACTS = 1_000;
/** Two calls of this length end the slice of an account. */
const SLOW_CALL_MS = 16_000;

describe('two busy accounts that share a worker, one with a slow vendor', () => {
  const { clock, enter } = openSyncScene('sqlite');
  let world: SyncWorld;
  let slow: SyncedAccount;
  let other: SyncedAccount;
  let onSlowCall: () => Promise<void>;

  beforeEach(async () => {
    onSlowCall = async () => {};
    const acquire = async (keys: readonly string[]) => {
      if (keys.includes(`kommo:${slow.accountId}`)) await onSlowCall();
    };
    const entered = await enter({
      limiter: { acquire: async (keys) => (slow ? acquire(keys) : undefined), pause: async () => {}, resume: async () => {} },
    });
    world = entered.world;
    slow = entered.account;
    other = await world.addAccount();
  });

  const process = (account: SyncedAccount) => world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
  const countWaiting = (account: SyncedAccount) => world.harness.get(EventStore).countWaiting(account.accountId);
  const listed = async (account: SyncedAccount) => Object.keys(await account.onList());
  const many = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `${name} ${index}`, emails: [`${name}${index}@example.com`], hooks: false }));

  /** Kommo must be asked about each deleted contact. */
  const deleteAll = async (account: SyncedAccount, ids: readonly number[]) => {
    for (const id of ids) await account.remove(id);
    await world.control.post('/kommo/hooks/flush');
    clock.advance(1_000);
  };

  it('S07: a slow vendor ends the turn of its account after half a minute, between two calls; the other account comes next', async () => {
    const ids = await slow.createMany(many('slow', CONTACTS));
    await slow.connect();
    await other.connect();
    await world.control.set({ 'kommo.hook_batch': 250 });
    await deleteAll(slow, ids);
    await other.create({ name: 'Other', emails: ['other@example.com'] });
    await world.control.post('/kommo/hooks/flush');
    let slowCalls = 0;
    onSlowCall = async () => {
      slowCalls += 1;
      clock.advance(SLOW_CALL_MS);
    };
    world.harness.jobs.splice(0);
    await process(slow);
    expect(slowCalls).toBeLessThanOrEqual(3);
    expect(await countWaiting(slow)).toBeGreaterThan(0);
    expect(world.harness.jobs).toContainEqual({ tube: 'contacts', payload: { account_id: slow.accountId } });
    await process(other);
    expect(await listed(other)).toEqual(['other@example.com']);
    await world.work();
    expect([await countWaiting(slow), await listed(slow)]).toEqual([0, []]);
  });

  it('S07: a call that has no response yet does not delay the other account', async () => {
    const ids = await slow.createMany(many('slow', 2));
    await slow.connect();
    await other.connect();
    await deleteAll(slow, ids);
    let respond = () => {};
    const responded = new Promise<void>((resolve) => (respond = resolve));
    const called = new Promise<void>((resolve) => {
      onSlowCall = async () => {
        resolve();
        await responded;
      };
    });
    const running = process(slow);
    await called;
    await other.create({ name: 'Other', emails: ['other@example.com'] });
    await world.control.post('/kommo/hooks/flush');
    clock.advance(1_000);
    await process(other);
    expect(await listed(other)).toEqual(['other@example.com']);
    respond();
    await running;
    await world.work();
    expect(await listed(slow)).toEqual([]);
  });
});
