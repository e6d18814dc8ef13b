import { beforeEach, describe, expect, it } from '@jest/globals';
import { RunStore } from '#database';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';

const CONTACTS = 900;
const PAGES = 4;

describe('the estimate of a first run', () => {
  const { enter } = openSyncScene('sqlite');
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
    await world.control.post(`/kommo/accounts/${account.accountId}/contacts`, { count: CONTACTS, seed: 3, hooks: false });
  });

  const countReads = async () => (await world.control.calls('/api/v4/contacts')).filter(({ method }) => method === 'GET').length;

  it('is made after two pages, by a few looks at single contacts; later runs know the number', async () => {
    const run = await account.connect();
    expect(run).toMatchObject({ state: 'completed', read: CONTACTS, total_estimate: CONTACTS, eta_seconds: null });
    const stored = await world.harness.get(RunStore).find(run.run_id);
    expect(Math.abs((stored?.totalEstimate ?? 0) - CONTACTS)).toBeLessThanOrEqual(CONTACTS / 10);
    const reads = await countReads();
    expect(reads).toBeGreaterThan(PAGES);
    expect(reads).toBeLessThanOrEqual(PAGES + 7);
    expect(await account.run('import')).toMatchObject({ total_estimate: CONTACTS });
    expect(await countReads()).toBe(reads + PAGES);
  });
});
