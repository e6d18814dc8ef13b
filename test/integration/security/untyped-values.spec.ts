import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  AccountStore,
  AuditStore,
  AuthStateStore,
  createDataSource,
  Database,
  EventStore,
  FailureStore,
  IntegrationStore,
  PersonStore,
  RunStore,
  WebhookTokenStore,
} from '#database';
import { type Harness, createHarness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

/** What a body may hold in place of an id or a text. `{ "1": "1" }` is the form that mysql2 writes as SQL by default. */
const hostile: readonly (readonly [string, unknown])[] = [
  ['an object', { account_id: 1 }],
  ['an empty object', {}],
  ['a list', [1, 2]],
  ['an empty list', []],
  ['a list of lists', [[1, 'x']]],
  ['an object with a text', { toString: "1' OR '1'='1" }],
];

type Attempt = (harness: Harness, value: never) => Promise<unknown>;

const event = { source: 'kommo', action: 'update', state: 'waiting', reason: null, contactId: 1 } as const;

/** Every store method that takes a value from outside. */
const attempts: Readonly<Record<string, Attempt>> = {
  'AccountStore.find': (harness, value) => harness.get(AccountStore).find(value),
  'AccountStore.update': (harness, value) => harness.get(AccountStore).update(value, { name: 'changed' }),
  'AccountStore.update of a text': (harness, value) => harness.get(AccountStore).update(1, { subdomain: value }),
  'AccountStore.list': (harness, value) => harness.get(AccountStore).list({ integrationId: value, limit: 10 }),
  'AccountStore.isKnownHost': (harness, value) => harness.get(AccountStore).isKnownHost(value),
  'AuditStore.list': (harness, value) => harness.get(AuditStore).list({ accountId: value, limit: 10 }),
  'EventStore.add': (harness, value) => harness.get(EventStore).add(1, [{ ...event, eventId: 'e1', payload: value, dedupKey: 'e1' }]),
  'EventStore.add of a key': (harness, value) =>
    harness.get(EventStore).add(1, [{ ...event, eventId: 'e1', payload: null, dedupKey: value }]),
  'AuthStateStore.consume': (harness, value) => harness.get(AuthStateStore).consume(value, Number.MAX_SAFE_INTEGER),
  'FailureStore.list': (harness, value) => harness.get(FailureStore).list({ accountId: value, limit: 10 }),
  'IntegrationStore.find': (harness, value) => harness.get(IntegrationStore).find(value),
  'IntegrationStore.save': (harness, value) =>
    harness.get(IntegrationStore).save({ clientId: 'new', clientSecret: 's', redirectUri: value, domain: null }),
  'PersonStore.find': (harness, value) => harness.get(PersonStore).find(1, value),
  'RunStore.find': (harness, value) => harness.get(RunStore).find(value),
  'RunStore.list': (harness, value) => harness.get(RunStore).list(value, 10),
  'WebhookTokenStore.findByHash': (harness, value) => harness.get(WebhookTokenStore).findByHash(value),
};

describe.each(testDatabaseKinds())('S22: a value without a type on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let harness: Harness;

  beforeEach(async () => {
    harness = await createHarness({ database: await databases.open(), sandbox: { url: 'http://127.0.0.1:9' } });
    await harness.get(IntegrationStore).save({ clientId: 'c', clientSecret: 's', redirectUri: 'https://us', domain: null });
    for (const accountId of [1, 2]) await harness.get(AccountStore).savePending({ accountId, clientId: 'c' });
  });

  const dump = async () => {
    const tables = ['accounts', 'auth_states', 'events', 'integrations'];
    return JSON.stringify(await Promise.all(tables.map((table) => harness.get(Database).query(`SELECT * FROM ${table}`))));
  };

  it.each(Object.entries(attempts))('is refused by %s', async (_name, attempt) => {
    const before = await dump();
    for (const [kindOfValue, value] of hostile) {
      const result = await attempt(harness, value as never).then(
        () => 'accepted',
        () => 'refused',
      );
      expect({ kindOfValue, result }).toEqual({ kindOfValue, result: 'refused' });
    }
    expect(await dump()).toBe(before);
  });

  it('is text for the driver, too, which runs one statement per call', async () => {
    const location = await databases.createMigrated();
    const source = await (await createDataSource(location)).initialize();
    try {
      if (kind === 'mysql') {
        expect(await source.query('SELECT ? AS v', [{ v: 1 }])).toEqual([{ v: '[object Object]' }]);
      } else await expect(source.query('SELECT ? AS v', [{ v: 1 }])).rejects.toThrow();
      await expect(source.query('SELECT 1 AS a; SELECT 2 AS b')).rejects.toThrow();
    } finally {
      await source.destroy();
    }
  });
});
