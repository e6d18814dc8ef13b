import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccountStore, SettingsEffectStore } from '#database';
import { Secret } from '#domain';
import { Keyring } from '#secrets';
import { SettingsChanges, WidgetPreview, WidgetSettings } from '#sync';
import { UnisenderClient } from '#unisender';
import { accountForOperator } from '../../support/operator-account.js';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const OTHER_KEY = 'another-unisender-key-0123456789abcdef';
const THIRD_KEY = 'a-third-unisender-key-0123456789abcdef';

interface WidgetInput {
  readonly key?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

describe.each(testDatabaseKinds())('saves of one account at the same time on %s', (kind) => {
  const { enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
    for (const api_key of [OTHER_KEY, THIRD_KEY]) {
      await world.control.post('/unisender/accounts', { api_key, login: `${api_key}@example.org` });
    }
  });

  const widgetInput = ({ key, settings }: WidgetInput) => ({
    account: accountForOperator(account.accountId),
    unisenderKey: key === undefined ? undefined : Secret.of(key),
    ...(settings ? { settings } : {}),
  });
  const saveWidget = (input: WidgetInput) => world.harness.get(WidgetSettings).saveKey(widgetInput(input));
  const saveSettings = (change: object) => world.harness.get(SettingsChanges).save(account.accountId, change);
  const findAccount = () => world.harness.get(AccountStore).find(account.accountId);
  const storedKey = async () =>
    world.harness
      .get(Keyring)
      .decrypt((await findAccount())?.unisenderKey ?? '', `accounts.unisender_key:${account.accountId}`)
      .reveal();

  /** Does `other` once, after Unisender has answered the next call for its lists and before the caller knows it. */
  const duringKeyCheck = (other: () => Promise<unknown>) => {
    const unisender = world.harness.get(UnisenderClient);
    const getLists = unisender.getLists.bind(unisender);
    return jest.spyOn(unisender, 'getLists').mockImplementationOnce(async (key) => {
      const lists = await getLists(key);
      await other();
      return lists;
    });
  };
  /** Does `other` once, after the effect of the next change was counted. */
  const duringCount = (other: () => Promise<unknown>) => {
    const effects = world.harness.get(SettingsEffectStore);
    const count = effects.count.bind(effects);
    return jest.spyOn(effects, 'count').mockImplementationOnce(async (...args) => {
      const effect = await count(...args);
      await other();
      return effect;
    });
  };
  /** Connects the account with contacts that have the tags `optout` and `vip`, and ten others. */
  const connect = async () => {
    const others = Array.from({ length: 10 }, (_, index) => ({ name: `P${index}`, emails: [`p${index}@example.com`], hooks: false }));
    await account.createMany([
      { name: 'Out', emails: ['out@example.com'], tags: ['optout'], hooks: false },
      { name: 'Vip', emails: ['vip@example.com'], tags: ['vip'], hooks: false },
      ...others,
    ]);
    await account.connect();
  };

  it.each([
    ['the same key', () => account.unisenderKey, undefined],
    ['a new key', () => OTHER_KEY, undefined],
    ['no key', () => undefined, { write_back: false }],
  ])('keep a filter that is saved while the widget saves %s', async (_name, chooseKey, settings) => {
    await connect();
    duringKeyCheck(() => saveSettings({ exclude_tags: ['optout'] }));
    const key = chooseKey();
    const { run } = await saveWidget({ ...(key && { key }), ...(settings && { settings }) });
    await world.work();
    expect((await findAccount())?.settings).toMatchObject({ excludeTags: ['optout'], writeBack: settings === undefined });
    expect(await world.getRun(run.run_id)).toMatchObject({ state: 'completed' });
    const listed = await (key === OTHER_KEY ? account.withKey(OTHER_KEY) : account).onList();
    expect(Object.keys(listed)).toHaveLength(11);
    expect(listed).not.toHaveProperty('out@example.com');
  });

  it('merge two changes of settings, and count what was saved', async () => {
    await connect();
    duringCount(() => saveSettings({ exclude_tags: ['optout'] }));
    const saved = await saveSettings({ delete_policy: 'exclude', fields: { POSITION: 'Position' } });
    expect(saved).toMatchObject({ settings: { exclude_tags: ['optout'], delete_policy: 'exclude' }, would_add: 0, would_remove: 1 });
    await world.work();
    expect((await findAccount())?.settings).toMatchObject({ excludeTags: ['optout'], deletePolicy: 'exclude' });
    expect(await account.onList()).not.toHaveProperty('out@example.com');
  });

  it('start the run of a list that another change has chosen meanwhile', async () => {
    await connect();
    duringCount(() => saveSettings({ list_title: 'Other' }));
    const { run_id: runId } = await saveSettings({ exclude_tags: ['optout'] });
    await world.work();
    expect(await world.getRun(runId ?? '')).toMatchObject({ state: 'completed' });
    expect((await findAccount())?.listTitle).toBe('Other');
    expect(Object.keys(await account.onList())).toHaveLength(11);
  });

  it.each<[string, WidgetInput, string]>([
    ['settings without a key', { settings: { include_tags: [] } }, OTHER_KEY],
    ['a third key', { key: THIRD_KEY }, THIRD_KEY],
  ])('never bring an old key back: a new key is saved while the widget saves %s', async (_name, input, expected) => {
    await connect();
    const getLists = duringKeyCheck(() => saveWidget({ key: OTHER_KEY }));
    await saveWidget(input);
    expect(await storedKey()).toBe(expected);
    const checked = getLists.mock.calls.map(([key]) => key.reveal());
    expect(checked).toEqual([input.key ?? account.unisenderKey, OTHER_KEY, expected]);
    await world.work();
    expect(Object.keys(await account.withKey(expected).onList())).toHaveLength(12);
  });

  it('know the list that a worker creates while a key of another Unisender account is checked', async () => {
    await account.createMany([{ name: 'A', emails: ['a@example.com'], hooks: false }]);
    await account.saveKey();
    duringKeyCheck(() => world.work());
    await saveWidget({ key: OTHER_KEY });
    expect(await findAccount()).toMatchObject({ listId: null, formerUnisenderKey: expect.any(String) });
    await world.work();
    expect(await account.withKey(OTHER_KEY).onList()).toEqual({ 'a@example.com': 'A' });
  });

  it('fail with an error that can be retried when the account changes at every attempt', async () => {
    await connect();
    const effects = world.harness.get(SettingsEffectStore);
    const count = effects.count.bind(effects);
    let saves = 0;
    jest.spyOn(effects, 'count').mockImplementation(async (...args) => {
      const { settings } = (await findAccount()) ?? {};
      const changed = settings && { settings: { ...settings, writeBackTag: `t${++saves}` } };
      if (changed) await world.harness.get(AccountStore).update(account.accountId, changed);
      return count(...args);
    });
    await expect(saveSettings({ exclude_tags: ['optout'] })).rejects.toMatchObject({ code: 'account_changed', kind: 'transient' });
    expect((await findAccount())?.settings).toMatchObject({ excludeTags: [], writeBackTag: `t${saves}` });
  });

  it('all count when they are sent together', async () => {
    await connect();
    await Promise.all([
      saveSettings({ exclude_tags: ['optout'] }),
      saveWidget({ settings: { write_back_tag: 'Left' } }),
      saveSettings({ delete_policy: 'exclude' }),
      saveWidget({ key: OTHER_KEY }),
      saveSettings({ fields: { POSITION: 'Position' } }),
    ]);
    await world.work();
    expect((await findAccount())?.settings).toMatchObject({
      excludeTags: ['optout'],
      writeBackTag: 'Left',
      deletePolicy: 'exclude',
      fields: { POSITION: 'Position' },
    });
    expect(await storedKey()).toBe(OTHER_KEY);
    expect(Object.keys(await account.withKey(OTHER_KEY).onList())).toHaveLength(11);
  });

  it('are not disturbed by previews', async () => {
    await connect();
    const before = await findAccount();
    const input = { key: account.unisenderKey, settings: { exclude_tags: ['optout'] } };
    duringKeyCheck(() => world.harness.get(SettingsChanges).preview(account.accountId, { include_tags: ['vip'] }));
    expect(await world.harness.get(WidgetPreview).count(widgetInput(input))).toMatchObject({ would_add: 0, would_remove: 1 });
    expect(await findAccount()).toEqual(before);
  });
});
