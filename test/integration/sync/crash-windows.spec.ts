import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AddressStore, ContactStore, Database, MailingConsentStore, RunStore } from '#database';
import { TransientError } from '#domain';
import { AccountSync, RunService } from '#sync';
import { contactVersion } from '../../support/contact-version.js';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

const person = (index: number) => ({ name: `Person ${index}`, emails: [`p${index}@example.com`], hooks: false });
const many = (count: number) => Array.from({ length: count }, (_, index) => person(index));
const neverStopping = () => new AbortController().signal;

describe.each(testDatabaseKinds())('an interrupted step on %s', (kind) => {
  const { clock, enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const deliver = () => world.control.post('/kommo/hooks/flush');
  const processEvents = async () => {
    clock.advance(1_000);
    await world.harness.get(AccountSync).processEvents(account.accountId, neverStopping());
  };
  /** Processes the waiting events; Unisender does what is asked, and its response is lost. */
  const loseResponseOf = async (method: string) => {
    await deliver();
    await world.control.fault({ target: 'unisender', kind: 'reset', match: method, times: 1, applied: 'after' });
    await expect(processEvents()).rejects.toBeInstanceOf(TransientError);
  };

  it('R32: takes an address off the list whose import lost its response and that no contact holds any more', async () => {
    await account.connect();
    const id = await account.create({ name: 'Short', emails: ['short@example.com'] });
    await loseResponseOf('importContacts');
    expect((await account.held()).has('short@example.com')).toBe(true);
    await account.remove(id);
    await world.settle();
    expect(await account.onList()).toEqual({});
    expect((await account.held()).has('short@example.com')).toBe(true);
  });

  it('R32: forgets an address whose import never arrived and that no contact holds any more', async () => {
    await account.connect();
    const id = await account.create({ name: 'Short', emails: ['short@example.com'] });
    await deliver();
    await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1 });
    await expect(processEvents()).rejects.toBeInstanceOf(TransientError);
    await account.remove(id);
    await account.addToUnisender({ email: 'short@example.com', fields: { Name: 'By hand' } });
    await world.settle();
    expect((await account.held()).get('short@example.com')).toMatchObject({ fields: { Name: 'By hand' } });
  });

  it('R32: adds a contact again whose deletion lost its response', async () => {
    const [id = 0] = await account.createMany(many(1));
    await account.connect();
    await account.remove(id);
    await loseResponseOf('importContacts');
    expect(await account.onList()).toEqual({});
    await account.restore(id);
    await world.settle();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Person 0' });
  });

  it('R32: puts an address back on the list whose exclusion lost its response', async () => {
    const [id = 0] = await account.createMany(many(1));
    await account.connect({ delete_policy: 'exclude' });
    await account.remove(id);
    await loseResponseOf('exclude');
    await account.restore(id);
    await world.settle();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Person 0' });
  });

  it('R32: restores a name whose change lost its response', async () => {
    const [id = 0] = await account.createMany(many(1));
    await account.connect();
    await account.change(id, { name: 'Other' });
    await loseResponseOf('importContacts');
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Other' });
    await account.change(id, { name: 'Person 0' });
    await world.settle();
    expect(await account.onList()).toEqual({ 'p0@example.com': 'Person 0' });
  });

  it('R45: keeps an unsubscribe that arrived after the export was requested', async () => {
    const [id = 0] = await account.createMany(many(1));
    await account.connect();
    const email = 'p0@example.com';
    const view = { askedAtMs: clock.nowMs(), status: 'active', isOnOurList: true, hasLeftList: false, hasLeftOtherList: false };
    clock.advance(1_000);
    await account.unsubscribe('p0@example.com');
    await world.control.post('/unisender/hooks/flush');
    const consents = world.harness.get(MailingConsentStore);
    await world.harness.get(Database).transaction(() => consents.learn(account.accountId, new Map([[email, view]])));
    expect(await consents.listUnmailable(account.accountId, [email])).toEqual([email]);
    await account.change(id, { name: 'Renamed' });
    await world.settle();
    expect(await account.held()).toMatchObject(new Map([['p0@example.com', { status: 'unsubscribed', fields: { Name: 'Person 0' } }]]));
  });

  it('requests another export when Unisender no longer knows the export that a run waited for', async () => {
    await account.createMany(many(2));
    await world.control.fault({ target: 'unisender', kind: 'unspecified', match: 'getTaskResult', times: 1 });
    expect(await account.connect()).toMatchObject({ state: 'completed', created: 2 });
  });

  it('requests another export when the file of the first one is deleted', async () => {
    await account.createMany(many(2));
    await world.control.fault({ target: 'unisender', kind: '503', match: 'unisender-files', times: 1 });
    expect(await account.connect()).toMatchObject({ state: 'completed', created: 2 });
    expect(await world.control.calls('exportContacts')).toHaveLength(2);
  });

  it('removes nothing without confirmation when it is interrupted before it waits for it', async () => {
    const ids = await account.createMany(many(120));
    await account.connect();
    for (const id of ids.slice(0, 60)) await account.remove(id, { silent: true });
    const runs = world.harness.get(RunStore);
    const transition = runs.transition.bind(runs);
    const away = new TransientError('the database is away', { code: 'database_unavailable' });
    let isAway = true;
    jest.spyOn(runs, 'transition').mockImplementation(async (...args) => {
      const isCutOff = isAway && args[1] === 'waiting_for_confirmation';
      if (!isCutOff) return transition(...args);
      isAway = false;
      throw away;
    });
    const run = await account.run('reconcile');
    expect(isAway).toBe(false);
    expect(run).toMatchObject({ state: 'waiting_for_confirmation', deleted: 0 });
    expect(Object.keys(await account.onList())).toHaveLength(120);
  });

  it('looks up the missing contacts again after the confirmation and keeps those that exist again', async () => {
    const ids = await account.createMany(many(120));
    await account.connect();
    for (const id of ids.slice(0, 60)) await account.remove(id, { silent: true });
    const run = await account.run('reconcile');
    await account.restore(ids[0] ?? 0);
    await world.loseHooks();
    await world.harness.get(RunService).confirm(run.run_id);
    await world.work();
    expect(await world.getRun(run.run_id)).toMatchObject({ state: 'completed', deleted: 59 });
    expect(Object.keys(await account.onList())).toHaveLength(61);
  });

  it('reads all pages again when a contact of an earlier page was deleted, and counts no contact twice', async () => {
    const ids = await account.createMany(many(600));
    await world.control.set({ 'unisender.delay_ms': 300 });
    const connecting = account.connect();
    const pages = async () => (await world.control.calls('/api/v4/contacts')).filter(({ path }) => path === '/api/v4/contacts').length;
    while ((await pages()) < 1) await clock.sleep(2);
    await account.remove(ids[0] ?? 0);
    while ((await pages()) < 3) await clock.sleep(2);
    await deliver();
    const run = await connecting;
    await world.settle();
    expect(run).toMatchObject({ state: 'completed' });
    const onList = Object.keys(await account.onList());
    expect(onList).toHaveLength(599);
    expect(run.created + run.updated + run.unchanged).toBeLessThanOrEqual(601);
  });

  it('does not apply an older hook after a page that showed the contact as it was before', async () => {
    await account.connect();
    const database = world.harness.get(Database);
    const version = (modifiedAtSeconds: number) => contactVersion({ contactId: 7, name: 'A', modifiedAtSeconds });
    await database.transaction(() =>
      world.harness.get(ContactStore).save(account.accountId, [version(300)], { cause: 'event', stampMs: 1 }),
    );
    await database.transaction(() => world.harness.get(ContactStore).saveUnchanged(account.accountId, [version(100)]));
    expect((await world.harness.get(ContactStore).findVersions(account.accountId, [7])).get(7)).toMatchObject({ modifiedAtSeconds: 300 });
  });

  it('pushes what a cancelled run left dirty', async () => {
    const [id = 0] = await account.createMany(many(1));
    await account.connect();
    await account.change(id, { name: 'Renamed' });
    await world.loseHooks();
    await world.control.set({ 'unisender.delay_ms': 200 });
    const run = await world.harness.get(RunService).start({ accountId: account.accountId, mode: 'import', trigger: 'operator' });
    const working = world.work();
    await world.control.forgetCalls();
    while ((await world.control.calls('importContacts')).length === 0) await clock.sleep(5);
    await world.harness.get(RunService).cancel(run.run_id);
    await working;
    expect(await world.getRun(run.run_id)).toMatchObject({ state: 'cancelled' });
    expect(await world.harness.get(AddressStore).findBacklog(account.accountId)).toMatchObject({ rows: 0 });
  });
});
