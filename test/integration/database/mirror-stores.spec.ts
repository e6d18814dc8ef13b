import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  AccountStore,
  AddressStore,
  ContactStore,
  EventStore,
  IntegrationStore,
  MailingConsentStore,
  PushedAddressStore,
  PauseStore,
  RunStore,
} from '#database';
import type { ContactVersion, Database, NewEvent } from '#database';
import { type ConsentView, type RefusalKind, pushedByRefusal } from '#domain';
import { contactVersion } from '../../support/contact-version.js';
import { settableClock } from '../../support/settable-clock.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const NOW = 1_790_000_000_000;
const ACCOUNT = 1;
const MINUTE_MS = 60_000;

const EVENT = { cause: 'event' } as const;

const clock = settableClock(NOW);

beforeEach(() => clock.set(NOW));

const contact = (contactId: number, name: string, emails: readonly string[], invalidReason: 'too_long' | null = null): ContactVersion =>
  contactVersion({ contactId, name, emails, invalidReason, fields: { City: 'Łódź' } });

const event = (eventId: string, dedupKey: string): NewEvent => ({
  eventId,
  source: 'kommo',
  action: 'update',
  contactId: 7,
  payload: '{"id":7}',
  dedupKey,
  state: 'waiting',
  reason: null,
});

const addAccount = async (database: Database): Promise<void> => {
  await new IntegrationStore(database, clock).save({ clientId: 'c', clientSecret: 's', redirectUri: 'https://us', domain: null });
  const install = { accountId: ACCOUNT, clientId: 'c' };
  await new AccountStore(database, clock).install({ ...install, name: '', subdomain: '', host: '', apiDomain: null, accessScope: null });
};

describe.each(testDatabaseKinds())('the mirror on %s', (kind) => {
  const databases = openTestDatabases(kind);
  const openWithAccount = async () => {
    const database = await databases.open({ databaseNowMs: () => clock.nowMs() });
    await addAccount(database);
    return {
      database,
      contacts: new ContactStore(database, clock),
      addresses: new AddressStore(database, clock),
      pushed: new PushedAddressStore(database, clock),
      consents: new MailingConsentStore(database, clock),
    };
  };
  const dirtyEmails = async (addresses: AddressStore) => (await addresses.listDirty(ACCOUNT, 100)).map(({ email }) => email);

  it('marks every address dirty that a contact held or holds, with the existing holder of the lowest id', async () => {
    const { database, contacts, addresses } = await openWithAccount();
    await database.transaction(() =>
      contacts.save(
        ACCOUNT,
        [contact(8, 'Second', ['a@x', 'b@x']), contact(7, 'Żółw 🐢', ['a@x']), contact(9, 'Bad', ['bad'], 'too_long')],
        EVENT,
      ),
    );
    const dirty = await addresses.listDirty(ACCOUNT, 100);
    expect(dirty.map(({ email, holder }) => [email, holder?.name, holder?.fields])).toEqual([
      ['a@x', 'Żółw 🐢', { City: 'Łódź' }],
      ['b@x', 'Second', { City: 'Łódź' }],
    ]);
    expect(await addresses.findBacklog(ACCOUNT)).toEqual({ rows: 2, oldestSince: NOW });
    await addresses.clearDirty(ACCOUNT, ['a@x', 'b@x']);
    await database.transaction(() => contacts.save(ACCOUNT, [contact(8, 'Second', ['c@x'])], { ...EVENT, stampMs: NOW + 1 }));
    expect(await dirtyEmails(addresses)).toEqual(['a@x', 'b@x', 'c@x']);
  });

  it('keeps versions and marks contacts deleted, known or not', async () => {
    const { contacts, addresses } = await openWithAccount();
    await contacts.save(ACCOUNT, [contact(7, 'One', ['a@x'])], EVENT);
    await contacts.saveUnchanged(ACCOUNT, [{ ...contact(7, 'One', ['a@x']), modifiedAtSeconds: 555 }]);
    await contacts.markDeleted(ACCOUNT, [8], EVENT);
    expect([...(await contacts.findVersions(ACCOUNT, [7, 8, 9]))]).toEqual([
      [7, { isDeleted: false, modifiedAtSeconds: 555, contentHash: '7-One', snapshotHash: '7-One', savedAtMs: NOW }],
      [8, { isDeleted: true, modifiedAtSeconds: 0, contentHash: '', snapshotHash: '', savedAtMs: NOW }],
    ]);
    expect(await contacts.countExisting(ACCOUNT)).toBe(1);
    expect(await contacts.hasDeletedSince(ACCOUNT, NOW)).toBe(true);
    expect(await contacts.hasDeletedSince(ACCOUNT, NOW + 1_000)).toBe(false);
    await contacts.markDeleted(ACCOUNT, [7], EVENT);
    expect((await addresses.listDirty(ACCOUNT, 9))[0]?.holder).toBeUndefined();
  });

  it('begins a put of the addresses that may be mailed, and adds the list to those of earlier calls', async () => {
    const { database, contacts, addresses, pushed } = await openWithAccount();
    await contacts.save(ACCOUNT, [contact(7, 'One', ['a@x', 'b@x', 'c@x'])], EVENT);
    expect(await pushed.beginPut(ACCOUNT, 5, ['a@x', 'b@x'])).toEqual(['a@x', 'b@x']);
    await database.execute("UPDATE addresses SET consent = 'unsubscribed' WHERE email = ?", ['b@x']);
    expect([...(await pushed.beginPut(ACCOUNT, 6, ['a@x', 'b@x', 'c@x']))].sort()).toEqual(['a@x', 'c@x']);
    const found = (await addresses.listWithHolders(ACCOUNT, ['a@x', 'b@x', 'c@x'])).map(({ email, lateListIds }) => [email, lateListIds]);
    expect(Object.fromEntries(found)).toEqual({ 'a@x': [5, 6], 'b@x': [5], 'c@x': [6] });
  });

  it('R72: verifies a call after 15 minutes of the database, whatever the clocks of the processes say', async () => {
    const { database, contacts, pushed } = await openWithAccount();
    await contacts.save(ACCOUNT, [contact(7, 'One', ['a@x'])], EVENT);
    const behind = new PushedAddressStore(database, settableClock(NOW - 5 * MINUTE_MS));
    const ahead = new PushedAddressStore(database, settableClock(NOW + 30 * MINUTE_MS));
    await behind.beginPut(ACCOUNT, 5, ['a@x']);
    clock.set(NOW + 15 * MINUTE_MS - 1);
    expect((await pushed.listDue(ACCOUNT, 10)).toVerify).toEqual([]);
    expect((await ahead.listDue(ACCOUNT, 10)).toVerify).toEqual([]);
    clock.set(NOW + 15 * MINUTE_MS);
    expect((await behind.listDue(ACCOUNT, 10)).toVerify).toEqual(['a@x']);
  });

  it('records pushes and the rows of an export', async () => {
    const { database, contacts, addresses, pushed, consents } = await openWithAccount();
    const active: ConsentView = { askedAtMs: NOW + 2, status: 'active', isOnOurList: true, hasLeftList: false, hasLeftOtherList: false };
    await contacts.save(ACCOUNT, [contact(7, 'One', ['a@x', 'b@x', 'c@x'])], EVENT);
    await pushed.beginPut(ACCOUNT, 5, ['a@x']);
    await addresses.saveExported(
      ACCOUNT,
      [
        { email: 'a@x', view: active, isOnOurList: true, isOnOtherLists: false, addedAt: null, values: {} },
        {
          email: 'b@x',
          view: { ...active, status: 'unsubscribed', isOnOurList: false },
          isOnOurList: false,
          isOnOtherLists: true,
          addedAt: null,
          values: {},
        },
      ],
      NOW + 2,
    );
    await database.transaction(() => consents.learn(ACCOUNT, new Map([['b@x', { ...active, status: 'unsubscribed' }]])));
    clock.set(NOW + 3);
    const base = { email: 'c@x', state: 'absent', origin: 'unknown', pushedHash: null, ownListId: null } as const;
    const record = { ...base, lateListIds: null, firstSentAt: null, verifyAt: null, writtenFields: null };
    await pushed.record(ACCOUNT, [
      { ...record, email: 'a@x', state: 'present', origin: 'ours', pushedHash: 'h', ownListId: 5, park: null },
      pushedByRefusal({ ...record, parkAttempts: 0, parkedAt: null }, { step: 'put', code: 'role', cause: '' }, NOW),
    ]);
    expect(await dirtyEmails(addresses)).toEqual(['b@x']);
    expect([...(await addresses.listRecords(ACCOUNT, ['a@x', 'b@x'])).values()]).toEqual([
      { email: 'a@x', origin: 'ours', state: 'present', pushedHash: 'h', consent: 'mailable', ownListId: 5 },
      { email: 'b@x', origin: 'preexisting', state: 'absent', pushedHash: null, consent: 'unsubscribed', ownListId: null },
    ]);
    expect(await consents.listUnmailable(ACCOUNT, ['a@x', 'b@x'])).toEqual(['b@x']);
    clock.set(NOW + 9);
    expect(await addresses.markUnseenDirty(ACCOUNT, NOW + 9)).toBe(1);
    expect(await dirtyEmails(addresses)).toEqual(['b@x', 'a@x']);
    clock.set(NOW + 10);
    await addresses.forgetPushed(ACCOUNT);
    expect(await dirtyEmails(addresses)).toEqual(['b@x', 'a@x', 'c@x']);
    expect(await consents.listUnmailable(ACCOUNT, ['a@x', 'b@x', 'c@x'])).toEqual(['b@x']);
  });

  it('lists one write-back per unsubscribe', async () => {
    const { database, contacts, consents } = await openWithAccount();
    const refuse = (kind: RefusalKind, ...emails: string[]) => {
      const global = { kind, refusedAtMs: NOW, learnedAtMs: NOW, isUnproven: false };
      return database.transaction(() => consents.addRefusals(ACCOUNT, new Map(emails.map((email) => [email, { global, list: null }]))));
    };
    await contacts.save(ACCOUNT, [contact(7, 'One', ['a@x']), contact(8, 'Two', ['a@x'])], EVENT);
    await refuse('unsubscribed', 'a@x', 'new@x');
    expect(await consents.listWriteBacks(ACCOUNT, 9)).toEqual([
      { email: 'a@x', contactIds: [7, 8] },
      { email: 'new@x', contactIds: [] },
    ]);
    await consents.markWrittenBack(ACCOUNT, await consents.listWriteBacks(ACCOUNT, 9), {
      refused: new Map([[8, 'code']]),
      retryAt: NOW + 9,
    });
    await refuse('blocked', 'a@x');
    expect(await consents.listWriteBacks(ACCOUNT, 9)).toEqual([]);
    const active: ConsentView = {
      askedAtMs: NOW + 11 * MINUTE_MS,
      status: 'active',
      isOnOurList: true,
      hasLeftList: false,
      hasLeftOtherList: false,
    };
    await database.transaction(() => consents.learn(ACCOUNT, new Map([['a@x', active]])));
    expect(await consents.listUnmailable(ACCOUNT, ['a@x'])).toEqual([]);
    await refuse('unsubscribed', 'a@x');
    expect((await consents.listWriteBacks(ACCOUNT, 9)).map(({ email }) => email)).toEqual(['a@x']);
  });

  it('finds the contacts that a complete read did not show', async () => {
    const { contacts } = await openWithAccount();
    await contacts.save(
      ACCOUNT,
      [7, 8, 9].map((id) => contact(id, 'Name', [`${id}@x`])),
      EVENT,
    );
    expect(await contacts.countAddressesOfMissing(ACCOUNT, { after: 0, upTo: 8, seen: [7] })).toBe(1);
    await contacts.markMissing(ACCOUNT, { after: 0, upTo: null, seen: [8], runId: 'run' });
    expect(await contacts.listMissing(ACCOUNT, 'run', 7, 9)).toEqual([9]);
    expect(await contacts.countMissing(ACCOUNT, 'run')).toBe(2);
    await contacts.saveUnchanged(ACCOUNT, [contact(9, 'Name', ['9@x'])]);
    expect(await contacts.listMissing(ACCOUNT, 'run', 0, 9)).toEqual([7]);
  });

  it('stores thousands of contacts with many addresses at once', async () => {
    const { database, contacts, addresses } = await openWithAccount();
    const many = Array.from({ length: 3000 }, (_, n) => contact(n + 1, `Name ${n}`, [`${n}@x`, `${n}@y`]));
    await database.transaction(() => contacts.save(ACCOUNT, many, EVENT));
    await database.transaction(() =>
      contacts.save(
        ACCOUNT,
        many.map(({ contactId }) => contact(contactId, 'New', [`${contactId}@z`])),
        EVENT,
      ),
    );
    expect(await contacts.countExisting(ACCOUNT)).toBe(3000);
    expect(await dirtyEmails(addresses)).toHaveLength(100);
  });
});

describe.each(testDatabaseKinds())('the inbox on %s', (kind) => {
  const databases = openTestDatabases(kind);

  it('keeps one event per change, which waits again with every delivery', async () => {
    const database = await databases.open({ databaseNowMs: () => clock.nowMs() });
    await addAccount(database);
    const events = new EventStore(database, clock);
    await events.add(ACCOUNT, [event('01', 'same'), event('02', 'other'), event('03', 'same')]);
    const [first, second] = await events.listWaiting(ACCOUNT, '', 9);
    expect(first).toMatchObject({ eventId: '01', deliveries: 2, contactId: 7, payload: '{"id":7}', receivedAt: NOW });
    await events.add(ACCOUNT, [event('04', 'same')]);
    await events.settle(ACCOUNT, [
      { eventId: '01', deliveries: first?.deliveries ?? 0, state: 'applied', reason: null },
      { eventId: '02', deliveries: second?.deliveries ?? 0, state: 'ignored', reason: 'known' },
    ]);
    expect(await events.countWaiting(ACCOUNT)).toBe(1);
    expect(await events.listAccountsWaiting(NOW + 1, 9)).toEqual([ACCOUNT]);
    await new PauseStore(database).add({ kind: 'account', id: String(ACCOUNT) }, { code: 'kommo_payment_required', untilMs: NOW + 5 });
    expect(await events.listAccountsWaiting(NOW + 1, 9)).toEqual([]);
    expect((await events.list(ACCOUNT, 9)).map(({ eventId, state }) => [eventId, state])).toEqual([
      ['02', 'ignored'],
      ['01', 'waiting'],
    ]);
    expect(await events.purge(NOW + 1, 9)).toBe(1);
  });

  it('stores repeated and different changes of concurrent deliveries', async () => {
    const database = await databases.open({ databaseNowMs: () => clock.nowMs() });
    const events = new EventStore(database, clock);
    const deliver = (n: number) => events.add(ACCOUNT, [event(`a${n}`, 'same'), event(`b${n}`, `own-${n}`), event(`c${n}`, 'also')]);
    await Promise.all(Array.from({ length: 40 }, (_, n) => deliver(n)));
    const waiting = await events.listWaiting(ACCOUNT, '', 100);
    expect(waiting).toHaveLength(42);
    expect(waiting.reduce((sum, { deliveries }) => sum + deliveries, 0)).toBe(120);
  });
});

describe.each(testDatabaseKinds())('runs on %s', (kind) => {
  const databases = openTestDatabases(kind);
  const run = (runId: string) => ({ runId, accountId: ACCOUNT, mode: 'import', trigger: 'operator', totalEstimate: 500 }) as const;

  it('are active one at a time and keep their checkpoints', async () => {
    const database = await databases.open({ databaseNowMs: () => clock.nowMs() });
    const runs = new RunStore(database, clock);
    await addAccount(database);
    const created = await Promise.all(['a', 'b', 'c'].map((id) => runs.create(run(id))));
    const [active, ...others] = created.filter((each) => each !== undefined);
    expect(others).toEqual([]);
    const id = active?.runId ?? '';
    expect(await runs.transition(id, 'completed')).toBe(false);
    clock.set(NOW + 1);
    expect(await runs.begin(id)).toBe(true);
    expect(await runs.checkpoint(id, { page: 3, confirmed: true, phase: 'read' }, { read: 250, created: 7 })).toBe(true);
    clock.set(NOW + 3);
    expect(await runs.checkpoint(id, {}, { read: 250 })).toBe(true);
    expect(await runs.find(id)).toMatchObject({
      page: 3,
      confirmed: true,
      phase: 'read',
      read: 500,
      created: 7,
      startedAt: NOW + 1,
    });
    expect((await runs.listStale(NOW + 4, 9)).map(({ runId }) => runId)).toEqual([id]);
    expect(await runs.transition(id, 'failed', { error: 'why' })).toBe(true);
    expect(await runs.findActive(ACCOUNT)).toBeUndefined();
    expect(await runs.checkpoint(id, { page: 4 })).toBe(false);
    clock.set(NOW + 7);
    expect(await runs.create(run('next'))).toMatchObject({ state: 'queued', totalEstimate: 500 });
    expect((await runs.list(ACCOUNT, 9)).map(({ runId }) => runId)).toEqual(['next', id]);
  });
});
