import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore, AlertStore, PauseStore } from '#database';
import { AllAccounts, Pauses, RefusedKeys, ServiceMonitor, Uninstall, WebhookOutages } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';

const MINUTE_MS = 60_000;

describe('alerts and their recoveries', () => {
  const { clock, enter } = openSyncScene('sqlite');
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  /** The messages that are to be sent, without those that were read before. */
  const takeAlerts = async () => {
    await world.harness.get(ServiceMonitor).run();
    const store = world.harness.get(AlertStore);
    const due = (await store.listDue(50)).filter(({ nextAttemptAt }) => nextAttemptAt <= clock.nowMs());
    for (const { key } of due) await store.markDelivered(key);
    return due.map(({ kind, isRecovery }) => `${kind} ${isRecovery ? 'recovered' : 'raised'}`);
  };

  it('follow a key that Unisender refuses and accepts again: it is checked after 15 minutes, doubling', async () => {
    await account.create({ name: 'Anna', emails: ['anna@example.com'], hooks: false });
    await account.connect();
    await world.control.fault({ target: 'unisender', kind: 'invalid_api_key', times: 1_000 });
    await account.change(await account.create({ name: 'Boris', emails: ['boris@example.com'] }), { name: 'Boris B' });
    await expect(world.settle()).rejects.toMatchObject({ code: 'unisender_key_refused' });
    expect(await takeAlerts()).toEqual(['unisender_key_refused raised']);
    const countChecks = async () => (await world.control.calls('getLists')).length;
    const checksAfter = async (minutes: number) => {
      clock.advance(minutes * MINUTE_MS);
      const before = await countChecks();
      await world.harness.get(RefusedKeys).checkAll();
      return (await countChecks()) - before;
    };
    expect([await checksAfter(0), await checksAfter(14), await checksAfter(2), await checksAfter(16)]).toEqual([1, 0, 1, 0]);
    await world.control.clearFaults();
    await world.harness.get(Pauses).resumeAccount(account.accountId);
    expect(await checksAfter(0)).toBe(1);
    expect((await world.harness.get(AccountStore).find(account.accountId))?.unisenderBlock).toBeNull();
    expect(await takeAlerts()).toEqual(['unisender_key_refused recovered']);
    await world.settle();
    expect(Object.keys(await account.onList())).toEqual(['anna@example.com', 'boris@example.com']);
  });

  it('follow a webhook that Kommo switched off and the check after our own 503s repairs', async () => {
    await account.connect();
    await world.control.post(`/kommo/accounts/${account.accountId}/webhooks/disable`);
    const { webhooks } = await world.control.get<{ webhooks: { destination: string }[] }>(`/kommo/accounts/${account.accountId}`);
    const outages = world.harness.get(WebhookOutages);
    outages.note(webhooks[0]?.destination.split('/').at(-1) ?? '');
    outages.note('a-token-of-no-account-000000');
    await outages.check();
    expect(await takeAlerts()).toEqual(expect.arrayContaining(['webhook_off raised']));
    await world.settle();
    await world.harness.get(AllAccounts).checkAll();
    expect(await takeAlerts()).not.toContain('webhook_off raised');
    expect((await world.control.get<{ webhooks: { disabled: boolean }[] }>(`/kommo/accounts/${account.accountId}`)).webhooks).toMatchObject(
      [{ disabled: false }],
    );
  });

  it('follow a pause that lasts for an hour, but not one of the operator', async () => {
    const scope = { kind: 'account', id: String(account.accountId) } as const;
    const pauses = world.harness.get(PauseStore);
    await pauses.add(scope, { code: 'kommo_rate_limited', untilMs: clock.nowMs() + 90 * MINUTE_MS });
    await world.harness.get(Pauses).pauseVendor('unisender', {});
    expect(await takeAlerts()).toEqual([]);
    clock.advance(61 * MINUTE_MS);
    expect(await takeAlerts()).toEqual(['lasting_pause raised']);
    expect(await takeAlerts()).toEqual([]);
    clock.advance(35 * MINUTE_MS);
    expect(await takeAlerts()).toEqual(['lasting_pause recovered']);
  });

  it('follow an uninstall and a new installation', async () => {
    await account.connect();
    await world.control.post(`/kommo/accounts/${account.accountId}/uninstall`, { client_id: '0b0123f4-d123-4123-9123-e09f123456ca' });
    await world.harness.get(AccountStore).update(account.accountId, { uninstallAskedAt: clock.nowMs() });
    await world.harness.get(Uninstall).decideAll();
    expect(await takeAlerts()).toEqual(['account_uninstalled raised']);
    await world.harness.get(AccountStore).setStatus(account.accountId, 'active');
    expect(await takeAlerts()).toEqual(['account_uninstalled recovered']);
  });
});
