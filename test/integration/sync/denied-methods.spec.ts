import { beforeEach, describe, expect, it } from '@jest/globals';
import { AddressStore, AlertStore } from '#database';
import { AccountQueries, AccountSync, AttentionList, Pauses, WebhookWatchdog } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';

const MINUTE_MS = 60_000;

describe('a method that Unisender denies to a key', () => {
  const { clock, enterWithPauses } = openSyncScene('sqlite');
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enterWithPauses());
    await account.create({ name: 'First', emails: ['first@example.com'] });
  });

  const deny = (...methods: string[]) =>
    Promise.all(methods.map((match) => world.control.fault({ target: 'unisender', kind: 'access_denied', match: `/${match}` })));
  const shown = async () => {
    const view = await world.harness.get(AccountQueries).find(account.accountId);
    return { paused: view?.paused?.code ?? null, attention: view?.attention, unisender_webhook: view?.unisender_webhook };
  };
  const alertKinds = async () => (await world.harness.get(AlertStore).listDue(5)).map(({ kind }) => kind);
  const callsOf = async (method: string) => (await world.control.calls(method)).length;
  const listed = async () => Object.keys(await account.onList()).sort();
  const add = async (name: string) => {
    const id = await account.create({ name, emails: [`${name}@example.com`] });
    await world.settle();
    return id;
  };

  it('stops nothing but exports: a reconciliation reads Kommo, and new contacts are pushed', async () => {
    await account.connect();
    await deny('async/exportContacts');
    await account.create({ name: 'silent', emails: ['silent@example.com'], hooks: false });
    expect(await account.run('reconcile')).toMatchObject({ state: 'completed', created: 1 });
    await add('second');
    expect(await listed()).toEqual(['first@example.com', 'second@example.com', 'silent@example.com']);
    expect(await shown()).toMatchObject({ paused: null, attention: ['unisender_access_denied'] });
    expect(await world.harness.get(AttentionList).read()).toMatchObject([{ attention: ['unisender_access_denied'] }]);
    expect(await alertKinds()).toEqual(['unisender_access_denied']);
  });

  it('keeps an account without its first export waiting, as refusals are not known; tries again with growing pauses', async () => {
    await world.control.fault({ target: 'unisender', kind: 'access_denied', match: '/async/exportContacts', times: 3 });
    const startedMs = clock.nowMs();
    expect(await account.connect()).toMatchObject({ state: 'completed' });
    expect(Math.floor((clock.nowMs() - startedMs) / MINUTE_MS)).toBe(1 + 2 + 4);
    expect(await callsOf('async/exportContacts')).toBe(4);
    expect(await listed()).toEqual(['first@example.com']);
    expect(await shown()).toMatchObject({ paused: null, attention: [] });
  });

  it('looks at many removals one by one without exports', async () => {
    const ids = await account.createMany(
      Array.from({ length: 30 }, (_, index) => ({ name: `P ${index}`, emails: [`p${index}@example.com`], hooks: false })),
    );
    await account.connect();
    await deny('async/exportContacts');
    for (const id of ids) await account.remove(id);
    await world.settle();
    expect(await listed()).toEqual(['first@example.com']);
    expect(await callsOf('getContact')).toBe(30);
  });

  it.each([
    ['exclude', 'exclude'],
    ['getContact', 'look'],
  ] as const)('stops nothing but what needs %s: those addresses are parked, and leave later', async (method, parkStep) => {
    await account.connect({ delete_policy: 'exclude' });
    const ids = [await add('second'), await add('third')];
    await deny(method);
    for (const id of ids) await account.remove(id);
    await add('fourth');
    expect(await listed()).toHaveLength(4);
    expect(await callsOf(method)).toBe(1);
    const [parked] = await world.harness.get(AddressStore).listWithHolders(account.accountId, ['second@example.com']);
    expect(parked).toMatchObject({ parkStep });
    expect(await shown()).toMatchObject({ paused: null, attention: ['unisender_access_denied'] });
    await world.control.clearFaults();
    clock.advance(MINUTE_MS);
    await account.run('reconcile');
    expect(await listed()).toEqual(['first@example.com', 'fourth@example.com']);
    expect(await shown()).toMatchObject({ attention: [] });
  });

  it('pauses the account when it is importContacts; a change is pushed after that', async () => {
    await account.connect();
    await deny('importContacts');
    await account.create({ name: 'second', emails: ['second@example.com'] });
    await world.control.post('/kommo/hooks/flush');
    const sync = () => world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
    clock.advance(MINUTE_MS);
    await expect(sync()).rejects.toMatchObject({ code: 'unisender_access_denied' });
    expect(await shown()).toMatchObject({ paused: 'unisender_access_denied', attention: ['unisender_access_denied'] });
    expect(await alertKinds()).toEqual(['unisender_access_denied']);
    const calls = await callsOf('importContacts');
    await sync();
    expect(await callsOf('importContacts')).toBe(calls);
    await world.control.clearFaults();
    clock.advance(MINUTE_MS);
    await sync();
    expect(await listed()).toEqual(['first@example.com', 'second@example.com']);
    expect(await shown()).toMatchObject({ paused: null, attention: [] });
  });

  it('shows a missing webhook when it is setHook; the watchdog creates the webhook later', async () => {
    await deny('setHook');
    expect(await account.connect()).toMatchObject({ state: 'completed' });
    expect(await shown()).toEqual({ paused: null, attention: ['unisender_access_denied'], unisender_webhook: 'missing' });
    const watchdog = world.harness.get(WebhookWatchdog);
    clock.advance(MINUTE_MS);
    expect(await watchdog.check(account.accountId)).toMatchObject({ isReconciling: false });
    await world.control.clearFaults();
    clock.advance(2 * MINUTE_MS);
    expect(await watchdog.check(account.accountId)).toMatchObject({ isReconciling: true });
    expect(await shown()).toMatchObject({ attention: [], unisender_webhook: 'active' });
  });

  it('is asked at once after an operator resumes the account', async () => {
    await account.connect();
    await deny('async/exportContacts');
    await account.run('reconcile');
    await world.control.clearFaults();
    expect(await world.harness.get(Pauses).resumeAccount(account.accountId)).toBe(1);
    expect(await shown()).toMatchObject({ attention: [] });
    const calls = await callsOf('async/exportContacts');
    await account.run('reconcile');
    expect(await callsOf('async/exportContacts')).toBe(calls + 1);
  });
});
