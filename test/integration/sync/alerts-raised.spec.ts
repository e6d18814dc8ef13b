import { beforeEach, describe, expect, it } from '@jest/globals';
import { AlertStore, GapStore } from '#database';
import { AllAccounts } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const HOUR_MS = 3_600_000;

describe.each(testDatabaseKinds())('alerts of an account on %s', (kind) => {
  const { clock, enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const raised = async () => {
    const alerts = await world.harness.get(AlertStore).listDue(10);
    return alerts.map((alert) => ({ kind: alert.kind, accountId: alert.accountId, details: alert.details }));
  };
  const connectWith = async (contacts: number): Promise<number[]> => {
    const people = Array.from({ length: contacts }, (_, index) => ({ name: `P${index}`, emails: [`p${index}@example.com`], hooks: false }));
    const ids = contacts === 0 ? [] : await account.createMany(people);
    await account.connect();
    return ids;
  };

  it('are not raised while everything works', async () => {
    await connectWith(3);
    await world.harness.get(AllAccounts).checkAll();
    expect(await raised()).toEqual([]);
  });

  it('are raised for a key that Unisender refuses and for the run that fails of it', async () => {
    await connectWith(1);
    await world.control.fault({ target: 'unisender', kind: 'invalid_api_key' });
    const run = await account.run('reconcile');
    expect(run.state).toBe('failed');
    const { accountId } = account;
    expect(await raised()).toEqual(
      expect.arrayContaining([
        { kind: 'unisender_key_refused', accountId, details: { code: expect.any(String) } },
        { kind: 'run_failed', accountId, details: { run_id: run.run_id, code: 'unisender_key_refused' } },
      ]),
    );
    expect(await raised()).toHaveLength(2);
  });

  it('are raised for a reconciliation that waits for confirmation', async () => {
    const ids = await connectWith(60);
    for (const id of ids) await account.remove(id, { silent: true });
    const run = await account.run('reconcile');
    expect(run.state).toBe('waiting_for_confirmation');
    expect(await raised()).toEqual([{ kind: 'run_waits_for_confirmation', accountId: account.accountId, details: { run_id: run.run_id } }]);
  });

  it('are raised once for addresses that stay refused, and for a gap that nothing has closed for an hour', async () => {
    await connectWith(2);
    const { accountId, unisenderKey } = account;
    await world.control.post(`/unisender/accounts/${unisenderKey}/refusals`, { email: 'new@example.com', place: 'call' });
    await account.create({ name: 'New', emails: ['new@example.com'] });
    await world.settle();
    await world.harness.get(GapStore).open(accountId, 'a test');
    await world.harness.get(AllAccounts).checkAll();
    expect(await raised()).toEqual([{ kind: 'addresses_parked', accountId, details: { count: 1 } }]);
    clock.advance(HOUR_MS + 1);
    for (let round = 0; round < 2; round += 1) await world.harness.get(AllAccounts).checkAll();
    expect((await raised()).map(({ kind }) => kind)).toEqual(['addresses_parked', 'gap_open']);
  });

  it.each([402, 403])('are raised once for a webhook that Kommo does not allow (%s)', async (status) => {
    await connectWith(0);
    await world.control.set({ 'kommo.webhook_plan_error': status });
    await world.control.send('PATCH', `/kommo/accounts/${account.accountId}`, { webhooks_allowed: false });
    for (let round = 0; round < 3; round += 1) await world.harness.get(AllAccounts).checkAll();
    const alerts = await world.harness.get(AlertStore).listDue(10);
    expect(alerts).toMatchObject([{ kind: 'webhook_missing', accountId: account.accountId }]);
  });
});
