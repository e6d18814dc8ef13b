import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountSync, PersonalData } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import { testDatabaseKinds } from '../../support/test-databases.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';

const MINUTE_MS = 60_000;
const EMAIL = 'ann@example.com';

describe.each(testDatabaseKinds())('R72: a person who is erased after a put without a response, with %s', (kind) => {
  const { clock, enterWithPauses } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enterWithPauses());
    await account.connect();
  });

  const erase = async () => {
    const [erased] = await world.harness.get(PersonalData).erase({ email: EMAIL });
    return erased?.unisender;
  };

  /** The contact is created, its put has no response, and the contact is deleted in Kommo. */
  async function pushWithoutResponse(fault: { readonly kind: string; readonly applied?: 'after' | 'before' }): Promise<void> {
    const id = await account.create({ name: 'Ann', emails: [EMAIL] });
    await world.control.post('/kommo/hooks/flush');
    clock.advance(MINUTE_MS);
    await world.control.fault({ target: 'unisender', match: 'importContacts', times: 1, ...fault });
    const push = world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
    await expect(push).rejects.toMatchObject({ code: 'unisender_unavailable' });
    await account.remove(id);
  }

  it.each([
    ['took effect', { kind: 'reset', applied: 'after' } as const],
    ['takes effect later', { kind: 'late' } as const],
  ])('leaves the list when the put %s, and is erased after that only', async (_when, fault) => {
    await pushWithoutResponse(fault);
    await expect(erase()).rejects.toMatchObject({ code: 'unisender_call_open', retryAfterMs: expect.any(Number) });
    await world.control.post('/faults/late');
    clock.advance(16 * MINUTE_MS);
    expect(await erase()).toBe('left');
    expect(await account.onList()).toEqual({});
    expect(await world.harness.get(PersonalData).export({ email: EMAIL })).toEqual([]);
  });

  it('leaves the list also when a look has shown the put already', async () => {
    await pushWithoutResponse({ kind: 'reset', applied: 'after' });
    clock.advance(16 * MINUTE_MS);
    await world.work();
    expect(await erase()).toBe('left');
    expect(await account.onList()).toEqual({});
  });

  it('is not in Unisender when the put had no effect', async () => {
    await pushWithoutResponse({ kind: 'reset', applied: 'before' });
    clock.advance(16 * MINUTE_MS);
    expect(await erase()).toBe('none');
    expect((await account.held()).size).toBe(0);
  });
});
