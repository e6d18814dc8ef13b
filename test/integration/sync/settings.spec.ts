import { beforeEach, describe, expect, it } from '@jest/globals';
import { RunService, SettingsChanges } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

describe.each(testDatabaseKinds())('changed settings on %s', (kind) => {
  const { enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const settings = () => world.harness.get(SettingsChanges);
  const listed = async () => Object.keys(await account.onList()).sort();
  const kommoCalls = () => world.control.calls('/api/v4/');
  const save = async (change: object) => {
    const view = await settings().save(account.accountId, change);
    await world.work();
    return view;
  };
  /** Twelve contacts on the list, so that single removals stay below the limit. */
  const connected = async (...contacts: readonly Readonly<Record<string, unknown>>[]): Promise<void> => {
    const others = Array.from({ length: 12 }, (_, index) => ({ name: `P${index}`, emails: [`p${index}@example.com`], tags: ['base'] }));
    await account.createMany([...contacts, ...others].map((contact) => ({ ...contact, hooks: false })));
    await account.connect();
    await world.control.forgetCalls();
  };
  const withoutBase = (emails: readonly string[]) => emails.filter((email) => !/^p\d+@/.test(email));

  it('are applied to stored contacts without a call to Kommo, and count what they do', async () => {
    await connected(
      { name: 'Vip', emails: ['vip@example.com'], tags: ['VIP'] },
      { name: 'Old', emails: ['old@example.com'], tags: ['Archive'] },
    );
    const preview = await settings().preview(account.accountId, { exclude_tags: ['archive'] });
    expect(preview).toMatchObject({ would_add: 0, would_remove: 1, run_id: null, settings: { exclude_tags: ['archive'] } });
    expect((await settings().read(account.accountId)).settings.exclude_tags).toEqual([]);
    const saved = await save({ exclude_tags: ['archive'] });
    expect(saved).toMatchObject({ would_add: 0, would_remove: 1, run_id: expect.any(String) });
    expect(withoutBase(await listed())).toEqual(['vip@example.com']);
    expect(await world.getRun(saved.run_id ?? '')).toMatchObject({ state: 'completed', trigger: 'settings', read: 0 });
    expect(await save({ exclude_tags: null })).toMatchObject({ would_add: 1, would_remove: 0 });
    expect(withoutBase(await listed())).toEqual(['old@example.com', 'vip@example.com']);
    expect(await kommoCalls()).toHaveLength(0);
  });

  it('choose contacts by tags of any case and by responsible user', async () => {
    await connected(
      { name: 'A', emails: ['a@example.com'], tags: ['Клиент'], responsible_user_id: 11 },
      { name: 'B', emails: ['b@example.com'], tags: ['клиент', 'Base'], responsible_user_id: 12 },
    );
    expect(await settings().preview(account.accountId, { include_tags: ['КЛИЕНТ', 'base'] })).toMatchObject({ would_remove: 0 });
    expect(await settings().preview(account.accountId, { include_tags: ['КЛИЕНТ'] })).toMatchObject({ would_remove: 12 });
    expect(await settings().preview(account.accountId, { responsible_user_ids: [11] })).toMatchObject({ would_remove: 13 });
    expect(await settings().preview(account.accountId, { exclude_tags: ['клиент'], responsible_user_ids: [12] })).toMatchObject({
      would_remove: 14,
    });
  });

  it('choose addresses by kind, also those that only a webhook has shown', async () => {
    await connected();
    await account.create({
      name: 'Kinds',
      emails: [
        { value: 'work@example.com', enum: 'WORK' },
        { value: 'home@example.com', enum: 'PRIV' },
      ],
    });
    await world.settle();
    expect(withoutBase(await listed())).toEqual(['home@example.com', 'work@example.com']);
    await account.createMany([{ name: 'Later', emails: [{ value: 'later@example.com', enum: 'PRIV' }], hooks: false }]);
    await account.run('reconcile');
    await save({ address_kinds: ['WORK'] });
    expect(withoutBase(await listed())).toEqual(['work@example.com']);
    await save({ address_kinds: [] });
    expect(withoutBase(await listed())).toEqual(['home@example.com', 'later@example.com', 'work@example.com']);
  });

  it('map fields whose values were stored before the mapping', async () => {
    await connected({ name: 'A', emails: ['a@example.com'], position: 'Director' });
    await save({ fields: { POSITION: 'Position' } });
    expect((await account.held()).get('a@example.com')?.fields).toMatchObject({ Name: 'A', Position: 'Director' });
    expect(await kommoCalls()).toHaveLength(0);
  });

  it('R62: that would remove too many addresses wait for a confirmation, and everything else goes on', async () => {
    await connected({ name: 'Vip', emails: ['vip@example.com'], tags: ['VIP'] });
    const saved = await save({ include_tags: ['vip'] });
    expect(saved).toMatchObject({ would_add: 0, would_remove: 12 });
    expect(await world.getRun(saved.run_id ?? '')).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 12 });
    expect(await listed()).toHaveLength(13);
    await account.create({ name: 'New', emails: ['new@example.com'], tags: ['Vip'] });
    await world.settle();
    expect(await listed()).toHaveLength(14);
    await world.harness.get(RunService).confirm(saved.run_id ?? '');
    await world.work();
    expect(await listed()).toEqual(['new@example.com', 'vip@example.com']);
  });

  it('R62: that webhooks apply before their run does wait for a confirmation too', async () => {
    const others = Array.from({ length: 14 }, (_, index) => ({ name: `P${index}`, emails: [`p${index}@example.com`], hooks: false }));
    const ids = await account.createMany(others);
    await account.connect();
    const { run_id: runId } = await settings().save(account.accountId, { include_tags: ['vip'] });
    const lateJobs = world.harness.jobs.splice(0);
    for (const id of ids) await account.change(id, { name: 'Renamed' });
    await world.settle();
    expect(await listed()).toHaveLength(14);
    world.harness.jobs.push(...lateJobs);
    await world.work();
    expect(await listed()).toHaveLength(14);
    expect(await world.getRun(runId ?? '')).toMatchObject({ state: 'waiting_for_confirmation', planned_removals: 14 });
  });

  it('R62: that are taken back before the confirmation remove nothing', async () => {
    await connected({ name: 'Vip', emails: ['vip@example.com'], tags: ['VIP'] });
    const saved = await save({ include_tags: ['vip'] });
    const reset = await save({ include_tags: null });
    expect(reset).toMatchObject({ would_add: 12, would_remove: 0 });
    expect(await world.getRun(saved.run_id ?? '')).toMatchObject({ state: 'cancelled', error: 'superseded' });
    expect(await world.getRun(reset.run_id ?? '')).toMatchObject({ state: 'completed' });
    expect(await listed()).toHaveLength(13);
  });

  it('start the import again that they interrupt', async () => {
    await account.createMany([{ name: 'A', emails: ['a@example.com'], tags: ['x'], hooks: false }]);
    await account.createMany([{ name: 'B', emails: ['b@example.com'], tags: ['y'], hooks: false }]);
    await account.connect();
    const { run_id } = await world.harness.get(RunService).start({ accountId: account.accountId, mode: 'import', trigger: 'operator' });
    const saved = await save({ exclude_tags: ['none'] });
    expect(await world.getRun(run_id)).toMatchObject({ state: 'cancelled' });
    expect(await world.getRun(saved.run_id ?? '')).toMatchObject({ mode: 'import', state: 'completed', read: 2 });
  });

  it('that change nothing, or only what is done later, start no run', async () => {
    await connected();
    expect(await save({ include_tags: [] })).toMatchObject({ run_id: null });
    expect(await save({ delete_policy: 'exclude', write_back: false, removal_limit_percent: 5 })).toMatchObject({ run_id: null });
    expect((await settings().read(account.accountId)).settings).toMatchObject({ delete_policy: 'exclude', removal_limit_percent: 5 });
  });

  it('are refused with a reason for each, and nothing is saved', async () => {
    await connected();
    const bad = settings().save(account.accountId, { list_id: 'x', fields: { '1': 'email_x' }, colour: 'red', include_tags: ['x'] });
    await expect(bad).rejects.toMatchObject({
      fields: [{ field: 'list_id' }, { field: 'fields.1' }, { field: 'colour' }],
    });
    expect((await settings().read(account.accountId)).settings.include_tags).toEqual([]);
  });
});
