import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  AccountStore,
  ContactStore,
  Database,
  EventStore,
  FailureStore,
  type NewEvent,
  PauseStore,
  RunStore,
  ThroughputStore,
} from '#database';
import { TransientError } from '#domain';
import type {
  EventsResponse,
  FailuresResponse,
  OverviewResponse,
  PersonResponse,
  SystemResponse,
} from '../../../apps/api/src/operations/operations-responses.js';
import { contactVersion } from '../../support/contact-version.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { type ApiResponse, ApiScene } from './api-scene.js';

const ACCOUNT_ID = 501;
const OTHER_ID = 502;
const EMAIL = 'ann@example.org';
/** No check calls a private URL. */
const PUBLIC_URL = 'http://localhost:8080';

describe.each(testDatabaseKinds())('what the operator sees on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let scene: ApiScene;

  beforeEach(async () => {
    scene = await ApiScene.open({ database: await databases.open(), config: { publicUrl: PUBLIC_URL, consoleReadOnly: false } });
    await scene.addAccount(ACCOUNT_ID);
    await scene.addAccount(OTHER_ID);
  });

  const get = (path: string) => scene.sendAsOperator('GET', `/operations/${path}`);
  const dataOf = <Data>({ status, body }: ApiResponse): Data => {
    expect({ status, message: body.message }).toEqual({ status: 200, message: '' });
    return body.data as Data;
  };
  const fieldOf = ({ status, body }: ApiResponse) => [status, body.data.fields?.[0]?.field];
  const execute = (sql: string, params: (string | number)[] = []) => scene.harness.get(Database).execute(sql, params);

  async function addContact(contactId: number, emails: readonly string[], accountId = ACCOUNT_ID): Promise<void> {
    const version = contactVersion({ contactId, name: `Contact ${contactId}`, emails, contentHash: 'hash', modifiedAtSeconds: 5 });
    const { harness } = scene;
    await harness.get(Database).transaction(() => harness.get(ContactStore).save(accountId, [version], { cause: 'event' }));
  }

  const event = (eventId: string, fields: Partial<NewEvent> = {}): NewEvent => ({
    eventId,
    source: 'kommo',
    action: 'update',
    contactId: 1,
    payload: '{}',
    dedupKey: eventId,
    state: 'waiting',
    reason: null,
    ...fields,
  });
  const addEvents = (events: readonly NewEvent[]) => scene.harness.get(EventStore).add(ACCOUNT_ID, events);

  describe('GET /operations/overview', () => {
    const read = async () => dataOf<OverviewResponse>(await get('overview'));

    it('counts accounts, work and rates, and puts the most urgent account first', async () => {
      const { harness } = scene;
      const nowMs = harness.clock.nowMs();
      const span = nowMs - (nowMs % 10_000) - 20_000;
      await harness.get(ThroughputStore).add(
        span + 10_000,
        new Map([
          ['hooks', 50],
          ['pushes', 25],
          ['kommo_requests', 35],
        ]),
      );
      await harness.get(ThroughputStore).add(span + 10_000, new Map([['hooks', 50]]));
      await harness.get(AccountStore).update(OTHER_ID, { webhookState: 'missing' });
      await harness.get(AccountStore).setStatus(ACCOUNT_ID, 'reauthorization_required');
      await harness.get(RunStore).create({ runId: 'r', accountId: OTHER_ID, mode: 'import', trigger: 'operator', totalEstimate: null });
      await harness.get(RunStore).begin('r');
      await harness.get(RunStore).transition('r', 'waiting_for_confirmation');
      await harness.get(PauseStore).add({ kind: 'vendor', id: 'kommo' }, { code: 'kommo_blocked', untilMs: nowMs + 60_000 });
      await addEvents([event('e1')]);
      await execute(`INSERT INTO contact_figures (account_id, total, in_sync, waiting, excluded, failing, counted_at)
                     VALUES (${ACCOUNT_ID}, 10, 5, 2, 2, 1, 0)`);
      harness.clock.advance(2_000);
      const overview = await read();
      expect(overview).toMatchObject({
        accounts: { total: 2, by_status: { active: 1, reauthorization_required: 1, suspended: 0 } },
        attention: [
          { account_id: ACCOUNT_ID, status: 'reauthorization_required', attention: ['reauthorization_required'] },
          { account_id: OTHER_ID, attention: ['webhook_missing', 'confirmation_required'] },
        ],
        attention_total: 2,
        contacts: { total: 10, in_sync: 5, waiting: 2, excluded: 2, failing: 1 },
        events_waiting: 1,
        active_runs: { queued: 0, running: 0, waiting_for_confirmation: 1 },
        failures: 0,
        queue: null,
        queue_servers_down: [],
      });
      expect(overview.rates).toHaveLength(60);
      const busy = overview.rates.filter(({ hooks_per_second: rate }) => rate > 0);
      expect(busy).toMatchObject([{ hooks_per_second: 10, pushes_per_second: 2.5, kommo_requests_per_second: 3.5 }]);
      expect(overview.vendors).toMatchObject([
        { vendor: 'kommo', paused: { code: 'kommo_blocked' } },
        { vendor: 'unisender', paused: null },
      ]);
    });

    it('shows a suspended account, one whose key is paused, and none that is disconnected', async () => {
      const { harness } = scene;
      const untilMs = harness.clock.nowMs() + 60_000;
      await harness.get(AccountStore).update(OTHER_ID, { unisenderKeyHash: 'hash-of-a-key-01' });
      await harness.get(PauseStore).add({ kind: 'key', id: 'hash-of-a-key-01' }, { code: 'unisender_not_enough_money', untilMs });
      await harness.get(PauseStore).add({ kind: 'account', id: String(ACCOUNT_ID) }, { code: 'kommo_payment_required', untilMs });
      const { attention } = await read();
      expect(attention).toMatchObject([
        { account_id: ACCOUNT_ID, status: 'suspended', attention: ['suspended'] },
        { account_id: OTHER_ID, attention: ['unisender_not_enough_money'] },
      ]);
      await execute(`UPDATE accounts SET status = 'disconnected'`);
      harness.clock.advance(2_000);
      expect((await read()).attention).toEqual([]);
    });
  });

  describe('GET /operations/system', () => {
    const read = async () => dataOf<SystemResponse>(await get('system'));
    const levelsOf = ({ findings }: SystemResponse) => Object.fromEntries(findings.map(({ check, level }) => [check, level]));

    it('shows versions, limits and disk, and each finding with its remedy, errors first', async () => {
      await execute(`UPDATE accounts SET webhook_state = 'missing' WHERE account_id = ${OTHER_ID}`);
      const system = await read();
      expect(system).toMatchObject({
        versions: { service: expect.stringMatching(/^\d/), node: process.versions.node, database: expect.stringMatching(/\d/) },
        database: { kind, is_up: true, pending_migrations: [], unknown_migrations: [], clock_difference_ms: expect.any(Number) },
        queue: { is_embedded: false, servers: [] },
        is_read_only: false,
      });
      expect(levelsOf(system)).toMatchObject({
        database: 'ok',
        migrations: 'ok',
        clock: 'ok',
        encryption_key: 'ok',
        queue: 'error',
        kommo: 'error',
        unisender: 'error',
        accounts: 'warning',
      });
      const { findings } = system;
      expect(findings.find(({ check }) => check === 'accounts')).toMatchObject({
        subject: String(OTHER_ID),
        message: expect.stringContaining('webhook_missing'),
        remedy: expect.any(String),
      });
      expect(findings.filter(({ level, remedy }) => (level === 'ok') !== (remedy === null))).toEqual([]);
      const levels = findings.map(({ level }) => ['error', 'warning', 'ok'].indexOf(level));
      expect(levels).toEqual([...levels].sort());
    });

    it('finds old and newer schemas and a wrong clock', async () => {
      await execute(`INSERT INTO migrations (timestamp, name) VALUES (1, 'FromTheFuture1')`);
      scene.harness.clock.advance(0);
      const newer = await read();
      expect(newer.database.unknown_migrations).toEqual(['FromTheFuture1']);
      expect(newer.findings.find(({ check }) => check === 'migrations')).toMatchObject({ level: 'error' });
      await execute(`UPDATE migrations SET name = 'Other1' WHERE name LIKE 'Initial%'`);
      await execute(`DELETE FROM migrations WHERE name = 'FromTheFuture1'`);
      expect((await read()).database.pending_migrations).toHaveLength(1);
    });
  });

  describe('GET /operations/events', () => {
    const list = async (query: string) => dataOf<EventsResponse>(await get(`events?account_id=${ACCOUNT_ID}${query}`));
    const ids = ({ events }: EventsResponse) => events.map(({ event_id: id }) => id);

    it('pages by key, newest first, and finds those of one contact', async () => {
      await addEvents([event('e1'), event('e2', { contactId: 2 }), event('e3'), event('e4', { contactId: null, source: 'unisender' })]);
      const first = await list('&limit=3');
      expect([ids(first), first.next_before]).toEqual([['e4', 'e3', 'e2'], 'e2']);
      const second = await list(`&limit=3&before=${first.next_before}`);
      expect([ids(second), second.next_before]).toEqual([['e1'], null]);
      expect(ids(await list('&contact_id=1'))).toEqual(['e3', 'e1']);
      expect(ids(await list('&contact_id=1&limit=1&before=e3'))).toEqual(['e1']);
    });

    it('finds by e-mail what names the address and what belongs to a contact that has it', async () => {
      await addContact(7, [EMAIL]);
      const unisender = { source: 'unisender', contactId: null, payload: `{"emails":["${EMAIL}"]}` } as const;
      await addEvents([
        event('e1', { contactId: 7 }),
        event('e2'),
        event('e3', unisender),
        event('e4', { payload: '{"email":"annX@example.org"}' }),
      ]);
      expect(ids(await list(`&email=${EMAIL.toUpperCase()}`))).toEqual(['e3', 'e1']);
      const first = await list(`&email=${EMAIL}&limit=1`);
      expect(ids(first)).toEqual(['e3']);
      expect(ids(await list(`&email=${EMAIL}&before=${first.next_before}`))).toEqual(['e1']);
    });

    it('refuses a malformed address or contact, and both together', async () => {
      const url = `events?account_id=${ACCOUNT_ID}`;
      expect(fieldOf(await get(`${url}&email=nobody`))).toEqual([400, 'email']);
      expect(fieldOf(await get(`${url}&contact_id=x`))).toEqual([400, 'contact_id']);
      expect(fieldOf(await get(`${url}&contact_id=1&email=${EMAIL}`))).toEqual([400, 'email']);
      expect(fieldOf(await get(`${url}&limit=0`))).toEqual([400, 'limit']);
    });
  });

  it('GET /operations/failures pages by key, newest first', async () => {
    const failure = { accountId: ACCOUNT_ID, tube: 'contacts', server: 'q:11300', jobId: 1, payload: '{}', code: 'x', reason: 'x' };
    for (const failedAt of [1, 2, 2, 3]) await scene.harness.get(FailureStore).add({ ...failure, failedAt });
    const first = dataOf<FailuresResponse>(await get('failures?limit=2'));
    const second = dataOf<FailuresResponse>(await get(`failures?limit=2&before=${first.next_before}`));
    const times = [...first.failures, ...second.failures].map(({ failed_at: at }) => Date.parse(at));
    expect(times).toEqual([3, 2, 2, 1]);
    expect(new Set([...first.failures, ...second.failures].map(({ failure_id: id }) => id)).size).toBe(4);
    const third = dataOf<FailuresResponse>(await get(`failures?limit=2&before=${second.next_before}`));
    expect(third).toEqual({ failures: [], next_before: null });
  });

  describe('GET /operations/person', () => {
    const find = async (query: string) => dataOf<PersonResponse>(await get(`person?${query}`)).accounts;

    beforeEach(async () => {
      await addContact(7, [EMAIL, 'second@example.org']);
      await addContact(8, [EMAIL]);
      await addContact(9, ['other@example.org'], OTHER_ID);
      await addEvents([event('e1', { contactId: 7 }), event('e2', { contactId: 9 })]);
    });

    it('shows what Kommo has, what was pushed to Unisender, and why the address is not on the list', async () => {
      const [account, ...others] = await find(`email=${EMAIL}`);
      expect(others).toEqual([]);
      expect(account).toMatchObject({
        account_id: ACCOUNT_ID,
        contacts: [
          { contact_id: 7, name: 'Contact 7', is_deleted: false, emails: [{ email: EMAIL }, { email: 'second@example.org' }] },
          { contact_id: 8 },
        ],
        addresses: [
          {
            email: EMAIL,
            verdict: { is_on_list: false, state: 'waiting', code: 'no_list', explanation: expect.stringMatching(/list/) },
            pushed: null,
            shown: null,
            mailing_consent: 'mailable',
            consent_facts: [],
          },
        ],
        events: [{ event_id: 'e1' }],
      });
    });

    it('shows each consent fact with its scope and whether it is proven', async () => {
      await execute(
        `UPDATE addresses SET consent = 'unsubscribed', list_refusal = 'unsubscribed', list_refused_at = 1000, list_learned_at = 2000,
                list_unproven = 1, dirty_since = NULL, state = 'present', first_sent_at = 500, last_sent_at = 600, own_list_id = 3,
                looked_at = 900, write_back = 'pending' WHERE email = ?`,
        [EMAIL],
      );
      const [account] = await find(`email=${EMAIL}`);
      expect(account?.addresses).toMatchObject([
        {
          verdict: { is_on_list: false, state: 'excluded', code: 'unsubscribed' },
          consent_facts: [
            {
              scope: 'list',
              kind: 'unsubscribed',
              refused_at: '1970-01-01T00:00:01.000Z',
              learned_at: '1970-01-01T00:00:02.000Z',
              is_proven: false,
            },
          ],
          pushed: { first_sent_at: '1970-01-01T00:00:00.500Z', list_id: 3 },
          shown: { is_on_other_lists: false, seen_on_list_at: null },
          write_back: 'pending',
        },
      ]);
    });

    it('finds a contact by its id, with every address that it has', async () => {
      const [account, ...others] = await find('contact_id=7');
      expect(others).toEqual([]);
      expect(account?.addresses.map(({ email }) => email)).toEqual([EMAIL, 'second@example.org']);
      expect(account?.contacts.map(({ contact_id: id }) => id)).toEqual([7, 8]);
      expect(await find(`contact_id=7&account_id=${OTHER_ID}`)).toEqual([]);
      expect(await find('email=unknown@example.org')).toEqual([]);
    });

    it('is recorded in the audit log without the address, and refuses malformed queries', async () => {
      await scene.sendAsOperator('POST', '/operations/person', { body: { email: EMAIL } });
      const audit = await get('audit?limit=1');
      expect(audit.body.data['audit']).toMatchObject([{ action: 'person.show', details: { email: 1 }, outcome: 'done' }]);
      expect(audit.text).not.toContain(EMAIL);
      for (const query of ['', 'email=nobody', `email=${EMAIL}&contact_id=7`]) {
        expect(fieldOf(await get(`person?${query}`))).toEqual([400, 'email']);
      }
      expect(fieldOf(await get('person?contact_id=x'))).toEqual([400, 'contact_id']);
    });
  });
});

describe('a queue or database that does not respond', () => {
  const databases = openTestDatabases('sqlite');
  const unavailable = () => Promise.reject(new TransientError('unavailable', { code: 'queue_unavailable' }));

  it('is named in overview and system, which respond', async () => {
    const down = { server: 'q:11300', isUp: false as const, problem: 'refused' };
    const queue = { listTubeStatistics: unavailable, listServers: () => Promise.resolve([down]) };
    const scene = await ApiScene.open({ database: await databases.open(), queue, config: { publicUrl: PUBLIC_URL } });
    const overview = (await scene.sendAsOperator('GET', '/operations/overview')).body.data;
    expect(overview).toMatchObject({ queue: null, queue_servers_down: ['q:11300'] });
    const system = (await scene.sendAsOperator('GET', '/operations/system')).body.data as unknown as SystemResponse;
    expect(system.findings.find(({ check }) => check === 'queue')).toMatchObject({ level: 'error', subject: 'q:11300' });
  });
});
