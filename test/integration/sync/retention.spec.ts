import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  AccountStore,
  AddressStore,
  ContactStore,
  Database,
  EventStore,
  FailureStore,
  GapStore,
  PauseStore,
  RateSlotStore,
  RunStore,
} from '#database';
import { AuditLog, Integrations, Retention, Sweep } from '#sync';
import { insertNumbered } from '../../../bench/plans/loaded-database.js';
import { WaitingQuota } from '../../../libs/sync/src/intake/waiting-quota.js';
import { contactVersion } from '../../support/contact-version.js';
import { type Harness, createHarness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const ACCOUNT_ID = 501;
const DAY_MS = 24 * 3_600_000;

describe.each(testDatabaseKinds())('Retention on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let harness: Harness;

  beforeEach(async () => {
    harness = await createHarness({ database: await databases.open(), sandbox: { url: 'http://127.0.0.1:9' } });
    await harness.get(Integrations).saveWithAccount({
      accountId: ACCOUNT_ID,
      clientId: 'client',
      clientSecret: 'secret',
      redirectUri: 'https://sync.example.org/auth',
    });
  });

  async function addRun(runId: string): Promise<void> {
    const runs = harness.get(RunStore);
    await runs.create({ runId, accountId: ACCOUNT_ID, mode: 'import', trigger: 'operator', totalEstimate: null });
    await runs.transition(runId, 'cancelled');
    harness.clock.advance(1_000);
  }

  const addFailure = () =>
    harness.get(FailureStore).add({
      accountId: ACCOUNT_ID,
      tube: 'contacts',
      server: 'q:11300',
      jobId: 1,
      payload: '{}',
      code: 'some_bug',
      reason: 'a reason',
      failedAt: harness.clock.nowMs(),
    });

  const addEvent = (eventId: string, state: 'refused' | 'waiting') =>
    harness
      .get(EventStore)
      .add(ACCOUNT_ID, [
        { eventId, source: 'kommo', action: 'update', contactId: 1, payload: '{}', dedupKey: eventId, state, reason: null },
      ]);

  const action = () => harness.get(AuditLog).record({ actor: 'cli', action: 'thing.do' }, () => Promise.resolve());

  async function listKept() {
    return {
      runs: (await harness.get(RunStore).list(ACCOUNT_ID, 10)).map(({ runId }) => runId),
      failures: (await harness.get(FailureStore).list({ limit: 10 })).length,
      events: (await harness.get(EventStore).list(ACCOUNT_ID, 10)).map(({ eventId }) => eventId),
      actions: (await harness.get(AuditLog).list({})).length,
    };
  }

  it('S04: deletes slots and pauses a day after their end', async () => {
    const { slots, pauses } = { slots: harness.get(RateSlotStore), pauses: harness.get(PauseStore) };
    const nowMs = harness.clock.nowMs();
    await slots.tryMove([{ key: 'kommo:7', from: undefined, to: nowMs }]);
    await pauses.add({ kind: 'host', id: 'invented.kommo.com' }, { code: 'kommo_forbidden', untilMs: nowMs + 60_000 });
    const kept = async () => [
      (await slots.read(['kommo:7'])).nextAt.size,
      (await harness.get(Database).query('SELECT 1 FROM pauses')).length,
    ];
    await harness.get(Retention).run();
    expect(await kept()).toEqual([1, 1]);
    harness.clock.advance(DAY_MS + 120_000);
    await harness.get(Retention).run();
    expect(await kept()).toEqual([0, 0]);
  });

  it('deletes rows after their days; keeps waiting events and the last run of an account', async () => {
    await addRun('first');
    await addRun('second');
    await addFailure();
    await addEvent('e1', 'refused');
    await addEvent('e2', 'waiting');
    await action();
    await harness.get(Retention).run();
    expect(await listKept()).toEqual({ runs: ['second', 'first'], failures: 1, events: ['e2', 'e1'], actions: 1 });
    harness.clock.advance(91 * DAY_MS);
    await addFailure();
    await harness.get(Retention).run();
    expect(await listKept()).toEqual({ runs: ['second'], failures: 1, events: ['e2'], actions: 1 });
    harness.clock.advance(280 * DAY_MS);
    await harness.get(Retention).run();
    expect(await listKept()).toEqual({ runs: ['second'], failures: 0, events: ['e2'], actions: 0 });
  });

  it('deletes any number of rows, in batches', async () => {
    const database = harness.get(Database);
    for (let batch = 0; batch < 5; batch += 1) {
      const rows = Array.from({ length: 1_000 }, (_, index) => `('${batch}-${index}', 0, 'cli', 'thing.do', NULL, 'done', '{}')`);
      await database.execute(`INSERT INTO audit (audit_id, at, actor, action, account_id, outcome, details) VALUES ${rows.join(',')}`);
    }
    await harness.get(Retention).run();
    expect((await listKept()).actions).toBe(0);
  });

  it('deletes contacts a week after their delete, and addresses that only Unisender has', async () => {
    const database = harness.get(Database);
    const contacts = harness.get(ContactStore);
    await harness.get(AccountStore).setStatus(ACCOUNT_ID, 'active');
    await harness.get(AccountStore).update(ACCOUNT_ID, { baselineState: 'done' });
    await database.transaction(async () => {
      await contacts.markDeleted(ACCOUNT_ID, [1, 2], { cause: 'event' });
      await contacts.save(ACCOUNT_ID, [contactVersion({ contactId: 3, emails: ['held@example.com'] })], { cause: 'event' });
      await harness.get(AddressStore).clearDirty(ACCOUNT_ID, ['held@example.com']);
    });
    for (const [email, consent, first] of [
      ['stranger@example.com', 'mailable', 'NULL'],
      ['left@example.com', 'unsubscribed', 'NULL'],
      ['ours@example.com', 'mailable', '1'],
    ]) {
      await database.execute(
        `INSERT INTO addresses (account_id, email, origin, consent, first_sent_at, updated_at) VALUES (?, ?, 'preexisting', ?, ${first}, 0)`,
        [ACCOUNT_ID, email ?? '', consent ?? ''],
      );
    }
    harness.clock.advance(6 * DAY_MS);
    await database.transaction(() => contacts.markDeleted(ACCOUNT_ID, [2], { cause: 'event' }));
    harness.clock.advance(2 * DAY_MS);
    await harness.get(Retention).run();
    expect([...(await contacts.findVersions(ACCOUNT_ID, [1, 2, 3])).keys()]).toEqual([2, 3]);
    const rows = await database.query<{ email: string }>('SELECT email FROM addresses WHERE account_id = ? ORDER BY email', [ACCOUNT_ID]);
    expect(rows.map(({ email }) => email)).toEqual(['held@example.com', 'left@example.com', 'ours@example.com']);
  });

  it('of the sweep deletes applied events faster than webhooks bring new ones', async () => {
    const database = harness.get(Database);
    await insertNumbered(database, 'events', 5_000, (n) => ({
      account_id: String(ACCOUNT_ID),
      event_id: n,
      source: "'kommo'",
      action: "'update'",
      dedup_key: n,
      state: "'applied'",
      received_at: '0',
    }));
    await harness.get(Sweep).run();
    expect(await harness.get(EventStore).list(ACCOUNT_ID, 10)).toEqual([]);
  });

  it('R76: turns more than 100,000 waiting events of an account into a gap, and keeps those of Unisender', async () => {
    const database = harness.get(Database);
    await harness.get(AccountStore).setStatus(ACCOUNT_ID, 'reauthorization_required');
    await insertNumbered(database, 'events', 100_001, (n) => ({
      account_id: String(ACCOUNT_ID),
      event_id: n,
      source: `CASE WHEN ${n} = 7 THEN 'unisender' ELSE 'kommo' END`,
      action: "'update'",
      dedup_key: n,
      state: "'waiting'",
      received_at: '0',
    }));
    await harness.get(WaitingQuota).enforce(ACCOUNT_ID);
    expect(await harness.get(EventStore).countWaiting(ACCOUNT_ID)).toBe(1);
    expect(await harness.get(GapStore).find(ACCOUNT_ID)).toMatchObject({ gapAt: expect.any(Number) });
    expect(await harness.get(EventStore).listAccountsWaiting(harness.clock.nowMs(), 10)).toEqual([]);
  });
});
