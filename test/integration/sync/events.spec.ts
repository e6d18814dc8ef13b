import { beforeEach, describe, expect, it } from '@jest/globals';
import { LeaseStore } from '#database';
import { AccountHistory, AccountSync, KommoInbox } from '#sync';
import { openSyncScene } from '../../support/sync-scene.js';
import type { SyncedAccount, SyncWorld } from '../../support/sync-world.js';
import { testDatabaseKinds } from '../../support/test-databases.js';

interface ImportCall {
  readonly rows: number;
  readonly body: { readonly field_names: object; readonly data: object };
}

describe.each(testDatabaseKinds())('events on %s', (kind) => {
  const { clock, enter } = openSyncScene(kind);
  let world: SyncWorld;
  let account: SyncedAccount;

  beforeEach(async () => {
    ({ world, account } = await enter());
  });

  const importCalls = async () => (await world.control.calls('importContacts')) as unknown as ImportCall[];
  const kommoCalls = () => world.control.calls('/api/v4/');
  const receive = (body: unknown) => world.harness.get(KommoInbox).receive(account.accountId, body);
  const work = async () => {
    world.harness.clock.advance(1_000);
    await world.work();
  };
  const eventStates = async () => {
    const events = await world.harness.get(AccountHistory).listEvents(account.accountId);
    return events.map(({ state, deliveries }) => [state, deliveries]);
  };
  const hooked = (id: number, name: string, emails: readonly string[], at = 1_748_289_231) => ({
    id: String(id),
    name,
    type: 'contact',
    last_modified: String(at),
    updated_at: String(at),
    ...(emails.length === 0
      ? {}
      : { custom_fields: [{ id: '1', name: 'Почта', code: 'EMAIL', values: emails.map((value) => ({ value, enum: '1' })) }] }),
  });

  /** A connected account with these contacts, and an empty log of calls. */
  const connected = async (...contacts: readonly { name: string; emails: readonly string[] }[]): Promise<number[]> => {
    const ids = contacts.length === 0 ? [] : await account.createMany(contacts.map((contact) => ({ ...contact, hooks: false })));
    await account.connect();
    await world.control.forgetCalls();
    return ids;
  };

  it('reads a contact from Kommo when its hook is too large to store', async () => {
    const [id = 0] = await connected({ name: 'Before', emails: ['long@example.com'] });
    await account.change(id, { name: 'After', hooks: false });
    const change = {
      ...hooked(id, 'After', ['long@example.com'], 4_000_000_000),
      custom_fields: [{ id: '9', values: [{ value: 'ж'.repeat(70_000) }] }],
    };
    expect(await receive({ contacts: { update: [change] } })).toMatchObject({ accepted: 1 });
    await work();
    expect(await account.onList()).toEqual({ 'long@example.com': 'After' });
  });

  it('R11: one hook with 3 adds, 2 updates, 1 delete, 1 restore, unknown keys and actions has 7 effects', async () => {
    const [first = 0, second = 0, third = 0] = await connected(
      { name: 'U1', emails: ['u1@example.com'] },
      { name: 'U2', emails: ['u2@example.com'] },
      { name: 'D', emails: ['d@example.com'] },
    );
    const back = await account.create({ name: 'R', emails: ['r@example.com'], hooks: false });
    await account.remove(third, { silent: true });
    const result = await receive({
      account: { id: String(account.accountId), subdomain: 'x' },
      leads: { add: [{ id: '1' }] },
      colour: 'red',
      contacts: {
        add: [hooked(901, 'A1', ['a1@example.com']), hooked(902, 'A2', ['a2@example.com']), hooked(903, 'A3', ['a3@example.com'])],
        update: [hooked(first, 'U1 new', ['u1@example.com'], 2_000_000_000), hooked(second, 'U2', ['u2b@example.com'], 2_000_000_000)],
        delete: [{ id: String(third), type: 'contact' }],
        restore: [hooked(back, 'R', ['r@example.com'])],
        explode: [{ id: '5' }],
        note: [{ note: { element_id: '5' }, type: 'contact' }],
      },
    });
    expect(result.accepted).toBe(7);
    await work();
    expect(await account.onList()).toEqual({
      'u1@example.com': 'U1 new',
      'u2b@example.com': 'U2',
      'a1@example.com': 'A1',
      'a2@example.com': 'A2',
      'a3@example.com': 'A3',
      'r@example.com': 'R',
    });
  });

  it('R12: clearing the last e-mail removes the old address', async () => {
    const [id = 0] = await connected({ name: 'A', emails: ['a@example.com'] });
    await account.change(id, { emails: [] });
    await world.settle();
    expect((await account.held()).size).toBe(0);
  });

  it('R13: an address of two contacts stays until both are deleted, with the name of the lowest id', async () => {
    const [low = 0, high = 0] = await connected({ name: 'Low', emails: ['s@example.com'] }, { name: 'High', emails: ['s@example.com'] });
    expect(await account.onList()).toEqual({ 's@example.com': 'Low' });
    await account.remove(low);
    await world.settle();
    expect(await account.onList()).toEqual({ 's@example.com': 'High' });
    await account.change(high, { emails: ['t@example.com'] });
    await world.settle();
    expect(await account.onList()).toEqual({ 't@example.com': 'High' });
    expect((await account.held()).size).toBe(1);
  });

  it('R14: a changed name updates one row; a changed address removes one row and adds one', async () => {
    const [id = 0] = await connected(
      { name: 'A', emails: ['a@example.com', 'keep@example.com'] },
      { name: 'B', emails: ['b@example.com'] },
    );
    await account.change(id, { emails: ['new@example.com', 'keep@example.com'] });
    await world.settle();
    const rows = (await importCalls()).flatMap(({ body: { field_names, data } }) => {
      const names = Object.values(field_names) as string[];
      return Object.values(data).map((row: object) =>
        Object.fromEntries<unknown>(Object.values(row).map((cell, place): [string, unknown] => [names[place] ?? '', cell])),
      );
    });
    expect(rows).toEqual([{ email: 'a@example.com', delete: '1' }, expect.objectContaining({ email: 'new@example.com', Name: 'A' })]);
    await world.control.forgetCalls();
    world.harness.clock.advance(2_000);
    await receive({ contacts: { update: [hooked(id, 'Renamed', ['new@example.com', 'keep@example.com'], 2_000_000_000)] } });
    await work();
    const calls = await importCalls();
    expect(calls.map(({ rows: count, body }) => [count, Object.values(body.field_names).includes('delete')])).toEqual([[2, false]]);
    expect(await kommoCalls()).toHaveLength(0);
  });

  it('R15: accepts an update or delete of an unknown contact, and an update before its add', async () => {
    await connected();
    const id = await account.create({ name: 'Now', emails: ['now@example.com'], hooks: false });
    await receive({
      contacts: { delete: [{ id: '123456', type: 'contact' }], update: [hooked(id, 'Now', ['now@example.com'], 1_900_000_000)] },
    });
    await receive({ contacts: { add: [hooked(id, 'Then', ['then@example.com'], 1_800_000_000)] } });
    await world.settle();
    expect(await account.onList()).toEqual({ 'now@example.com': 'Now' });
  });

  it('R15: the same hook five times, and ten at once, is one row with one effect', async () => {
    await connected();
    const body = { contacts: { add: [hooked(901, 'A', ['a@example.com'])] } };
    for (let copy = 0; copy < 5; copy += 1) await receive(body);
    await Promise.all(Array.from({ length: 10 }, () => receive(body)));
    await work();
    expect(await eventStates()).toEqual([['applied', 15]]);
    await receive(body);
    await work();
    expect((await importCalls()).map(({ rows }) => rows)).toEqual([1]);
    expect(await kommoCalls()).toHaveLength(0);
  });

  it('R16: a late retry of an old hook changes nothing; Kommo is asked because its time may have gone back', async () => {
    const [id = 0] = await connected({ name: 'First', emails: ['first@example.com'] });
    await account.change(id, { name: 'New', emails: ['new@example.com'] });
    await world.settle();
    await world.control.forgetCalls();
    await receive({ contacts: { update: [hooked(id, 'Old', ['old@example.com'], 1_700_000_000)] } });
    await work();
    expect(await account.onList()).toEqual({ 'new@example.com': 'New' });
    expect(await importCalls()).toHaveLength(0);
    expect(await kommoCalls()).toHaveLength(1);
  });

  it('reads a contact from Kommo when two changes have different content and the same second', async () => {
    const [id = 0] = await connected({ name: 'True', emails: ['true@example.com'] });
    const at = Math.floor(clock.nowMs() / 1_000) + 5;
    await receive({ contacts: { update: [hooked(id, 'X', ['x@example.com'], at)] } });
    await receive({ contacts: { update: [hooked(id, 'Y', ['y@example.com'], at)] } });
    await work();
    expect((await kommoCalls()).length).toBeGreaterThan(0);
  });

  it('R17: applies later what arrived while Unisender and Kommo were down', async () => {
    const [id = 0] = await connected({ name: 'A', emails: ['a@example.com'] });
    await world.control.fault({ target: 'unisender', kind: '503', times: 2 });
    await world.control.fault({ target: 'kommo', kind: '500', times: 2 });
    await account.create({ name: 'B', emails: ['b@example.com'] });
    await account.remove(id);
    await world.settle();
    expect(await account.onList()).toEqual({ 'b@example.com': 'B' });
  });

  it('R06: repeats safely a call that took effect and whose response was lost; its addresses are never deleted', async () => {
    const [id = 0] = await connected();
    await account.addToUnisender({ email: 'theirs@example.com', fields: { Name: 'Theirs' } });
    await world.control.fault({ target: 'unisender', kind: 'reset', match: 'importContacts', times: 1, applied: 'after' });
    const created = await account.create({ name: 'A', emails: ['a@example.com', 'theirs@example.com'] });
    await world.settle();
    expect(await account.onList()).toEqual({ 'a@example.com': 'A', 'theirs@example.com': 'A' });
    await account.remove(created);
    await world.settle();
    expect(await account.onList()).toEqual({});
    expect([...(await account.held()).keys()]).toEqual(['theirs@example.com', 'a@example.com']);
    expect(id).toBe(0);
  });

  it('R60: never deletes addresses of a call of which one was in Unisender before', async () => {
    await connected();
    await account.addToUnisender({ email: 'form@example.com', fields: { Name: 'From a form' } });
    clock.advance(5_000);
    const id = await account.create({ name: 'A', emails: ['form@example.com', 'ours@example.com'] });
    await world.settle();
    expect(await account.onList()).toEqual({ 'form@example.com': 'A', 'ours@example.com': 'A' });
    await account.remove(id);
    await world.settle();
    expect(await account.onList()).toEqual({});
    expect([...(await account.held()).keys()]).toEqual(['form@example.com', 'ours@example.com']);
  });

  it('R18: a company under contacts is not synced', async () => {
    await connected();
    const result = await receive({ contacts: { add: [{ ...hooked(7, 'Ltd', ['ltd@example.com']), type: 'company' }] } });
    expect(result).toMatchObject({ accepted: 0, ignored: 1 });
    await work();
    expect((await account.held()).size).toBe(0);
    expect(await eventStates()).toEqual([]);
  });

  it('R43: a hook that names another account is recorded and has no effect', async () => {
    await connected();
    const forged = { account: { id: '999' }, contacts: { add: [hooked(901, 'A', ['a@example.com'])] } };
    await expect(receive(forged)).rejects.toMatchObject({ code: 'account_mismatch' });
    await work();
    expect(await eventStates()).toEqual([['refused', 1]]);
    expect((await account.held()).size).toBe(0);
  });

  it('R45: never pushes an unsubscribed address after an update, a re-import, a restore or a reconciliation, and tags it in Kommo', async () => {
    const [id = 0] = await connected({ name: 'A', emails: ['a@example.com'] });
    await account.unsubscribe('a@example.com');
    await world.settle();
    await account.change(id, { name: 'B' });
    await world.settle();
    await account.run('import');
    await account.remove(id);
    await world.settle();
    await account.restore(id);
    await world.settle();
    await account.run('reconcile');
    expect(await importCalls()).toHaveLength(0);
    expect((await account.held()).get('a@example.com')?.status).toBe('unsubscribed');
    const contact = await world.control.get<{ _embedded: { tags: { name: string }[] } }>(
      `/kommo/accounts/${account.accountId}/contacts/${id}`,
    );
    expect(contact._embedded.tags.map(({ name }) => name)).toEqual(['Unisender: unsubscribed']);
  });

  it('adds a restored contact again, and keeps one whose delete was undone', async () => {
    const [id = 0, other = 0] = await connected({ name: 'A', emails: ['a@example.com'] }, { name: 'B', emails: ['b@example.com'] });
    await account.remove(id);
    await world.settle();
    expect(await account.onList()).toEqual({ 'b@example.com': 'B' });
    await account.restore(id);
    await receive({ contacts: { delete: [{ id: String(other), type: 'contact' }] } });
    await world.settle();
    expect(await account.onList()).toEqual({ 'a@example.com': 'A', 'b@example.com': 'B' });
  });

  it('ends the job of a held account; the holder enqueues another one when it releases the account', async () => {
    await connected();
    const fence = (await world.harness.get(LeaseStore).acquire(account.accountId, 'other', 60_000)) ?? 0;
    await receive({ contacts: { add: [hooked(901, 'A', ['a@example.com'])] } });
    await world.harness.get(AccountSync).processEvents(account.accountId, new AbortController().signal);
    expect((await account.held()).size).toBe(0);
    expect(await world.harness.get(LeaseStore).release(account.accountId, fence)).toBe(true);
    await work();
    expect(await account.onList()).toEqual({ 'a@example.com': 'A' });
  });

  it('pushes a burst in full calls and without a call to Kommo', async () => {
    await connected();
    const at = 1_900_000_000;
    for (let hook = 0; hook < 20; hook += 1) {
      await receive({
        contacts: {
          add: Array.from({ length: 60 }, (_, item) => hooked(1_000 + hook * 60 + item, 'P', [`p${hook}.${item}@example.com`], at)),
        },
      });
    }
    await work();
    expect((await importCalls()).map(({ rows }) => rows)).toEqual([500, 500, 200]);
    expect(await kommoCalls()).toHaveLength(0);
  });
});
