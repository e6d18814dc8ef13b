import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ContactStore, Database, EventStore, LeaseStore } from '#database';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { contactVersion } from '../../support/contact-version.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { ApiScene, UNISENDER_KEY } from './api-scene.js';

const ACCOUNTS = [501, 502] as const;
const EMAIL = 'ivan_p@example.org';

describe.each(testDatabaseKinds())('personal data of an e-mail address on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let sandbox: Sandbox;
  let control: SandboxControl;
  let scene: ApiScene;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = new SandboxControl(sandbox.url);
  });

  afterAll(() => sandbox.close());

  beforeEach(async () => {
    await control.reset();
    await control.post('/unisender/accounts', { api_key: UNISENDER_KEY, login: 'owner@example.org' });
    scene = await ApiScene.open({ database: await databases.open(), sandboxUrl: sandbox.url });
    for (const accountId of ACCOUNTS) {
      await scene.addAccount(accountId);
      await addContact(accountId, 1, [EMAIL]);
      await addContact(accountId, 2, [EMAIL, 'second@example.org']);
      await addContact(accountId, 3, ['ivanXp@example.org']);
      await addEvents(accountId);
    }
  });

  async function addContact(accountId: number, contactId: number, emails: readonly string[]): Promise<void> {
    const database = scene.harness.get(Database);
    const version = contactVersion({ contactId, name: `Contact ${contactId}`, emails, contentHash: 'hash', modifiedAtSeconds: 5 });
    await database.transaction(() => scene.harness.get(ContactStore).save(accountId, [version], { cause: 'event' }));
    await database.execute(`UPDATE addresses SET state = 'present', origin = 'ours' WHERE account_id = ?`, [accountId]);
  }

  async function addEvents(accountId: number): Promise<void> {
    const base = { source: 'kommo' as const, action: 'update', state: 'waiting' as const, reason: null };
    await scene.harness.get(EventStore).add(accountId, [
      { ...base, eventId: 'e1', contactId: 1, payload: '{"id":1}', dedupKey: 'e1' },
      { ...base, eventId: 'e2', contactId: 9, payload: '{"email":"IVAN_P@example.org"}', dedupKey: 'e2' },
      { ...base, eventId: 'e3', contactId: 3, payload: '{"email":"ivanXp@example.org"}', dedupKey: 'e3' },
    ]);
  }

  const dump = async (): Promise<string> => {
    const database = scene.harness.get(Database);
    const tables = ['addresses', 'contact_addresses', 'contacts', 'events', 'audit', 'failures'];
    return JSON.stringify(await Promise.all(tables.map((table) => database.query(`SELECT * FROM ${table}`)))).toLowerCase();
  };

  const setAddress = (assignment: string) =>
    scene.harness.get(Database).execute(`UPDATE addresses SET ${assignment} WHERE email = ?`, [EMAIL]);

  const post = (path: string, body: object) => scene.sendAsOperator('POST', `/operations/${path}`, { body });

  it('is exported, for all accounts or one', async () => {
    const all = await post('export', { email: ' Ivan_P@Example.org ' });
    const expected = ACCOUNTS.map((account_id) => ({
      account_id,
      address: expect.objectContaining({ email: EMAIL, origin: 'ours', state: 'present' }),
      contacts: [expect.objectContaining({ contact_id: 1, name: 'Contact 1' }), expect.objectContaining({ contact_id: 2 })],
      events: [expect.objectContaining({ event_id: 'e1' }), expect.objectContaining({ event_id: 'e2' })],
    }));
    expect(all.body.data['accounts']).toEqual(expected);
    const one = await scene.sendAsOperator('GET', `/operations/export?email=${EMAIL}&account_id=502`);
    expect(one.body.data['accounts']).toEqual([expected[1]]);
    expect((await post('export', { email: 'unknown@example.org' })).body.data['accounts']).toEqual([]);
  });

  it('is erased here and in Unisender, and no other data is', async () => {
    const { status, body } = await post('erase', { email: EMAIL });
    expect(status).toBe(200);
    expect(body.data['accounts']).toEqual(ACCOUNTS.map((account_id) => ({ account_id, contacts: 2, events: 2, unisender: 'deleted' })));
    const left = await dump();
    expect(left).not.toContain(EMAIL);
    expect(left).toContain('second@example.org');
    expect(left).toContain('ivanxp@example.org');
    const versions = await scene.harness.get(ContactStore).findVersions(501, [1, 2, 3]);
    expect([...versions].map(([id, { contentHash }]) => [id, contentHash])).toEqual([
      [2, ''],
      [3, 'hash'],
    ]);
    expect((await post('erase', { email: EMAIL })).body.data['accounts']).toEqual([]);
  });

  it('is erased in one account only, on request', async () => {
    await post('erase', { email: EMAIL, account_id: 501 });
    const { body } = await post('export', { email: EMAIL });
    expect(body.data['accounts']).toEqual([expect.objectContaining({ account_id: 502 })]);
  });

  it.each([`origin = 'preexisting'`, `consent = 'unsubscribed'`])('stays in Unisender with %s', async (assignment) => {
    await setAddress(assignment);
    const { body } = await post('erase', { email: EMAIL, account_id: 501 });
    expect(body.data['accounts']).toEqual([expect.objectContaining({ unisender: 'left' })]);
    expect(await control.calls()).toEqual([]);
  });

  it('is erased with every other address of a contact, when the contact is named', async () => {
    await addContact(501, 4, []);
    await addContact(501, 5, ['fifth@example.org']);
    const erased = (contact_id: number) => post('erase', { contact_id, account_id: 501 });
    const { status, body } = await erased(5);
    expect({ status, message: body.message }).toEqual({ status: 200, message: expect.stringContaining('delete the contact in Kommo') });
    expect(body.data['accounts']).toEqual([{ account_id: 501, contacts: 1, events: 0, unisender: 'deleted' }]);
    expect((await erased(2)).body.data['accounts']).toMatchObject([{ account_id: 501, contacts: 2, events: 2 }]);
    expect((await erased(4)).body.data['accounts']).toEqual([{ account_id: 501, contacts: 1, events: 0, unisender: 'none' }]);
    expect((await erased(999)).body.data['accounts']).toEqual([]);
    expect([...(await scene.harness.get(ContactStore).findVersions(501, [1, 2, 3, 4, 5])).keys()]).toEqual([3]);
    const left = await scene.harness.get(Database).query('SELECT email FROM addresses WHERE account_id = 501');
    expect(left).toEqual([{ email: 'ivanXp@example.org' }]);
    expect((await post('erase', { contact_id: 2, email: EMAIL })).body.data.fields).toMatchObject([{ field: 'email' }]);
  });

  it('is not erased while a worker holds the account', async () => {
    await scene.harness.get(LeaseStore).acquire(501, 'a worker', 60_000);
    expect((await post('erase', { email: EMAIL, account_id: 501 })).status).toBe(503);
    expect((await post('export', { email: EMAIL, account_id: 501 })).body.data['accounts']).toHaveLength(1);
  });

  it('R72: is not erased while a call may still put it in Unisender; the operator reads until when', async () => {
    const openUntil = Date.now() + 600_000;
    await setAddress(`state = 'absent', pushed_hash = 'outcome_unknown', verify_at = ${openUntil}`);
    const { status, body, headers } = await post('erase', { email: EMAIL, account_id: 501 });
    expect({ status, error: body.data['error'], message: body.message }).toEqual({
      status: 503,
      error: 'unisender_call_open',
      message: expect.stringContaining(new Date(openUntil).toISOString()),
    });
    expect(Number(headers['retry-after'])).toBeGreaterThan(500);
    expect(await control.calls()).toEqual([]);
    expect((await post('export', { email: EMAIL, account_id: 501 })).body.data['accounts']).toHaveLength(1);
  });

  it('is erased with an audit entry that does not contain it; a bad e-mail address is refused', async () => {
    expect((await post('erase', { email: 'no address' })).body.data.fields).toEqual([
      { field: 'email', problem: 'must be an e-mail address' },
    ]);
    await post('erase', { email: EMAIL });
    const { body, text } = await scene.sendAsOperator('GET', '/operations/audit?limit=2');
    expect(body.data['audit']).toMatchObject([
      { action: 'person.erase', outcome: 'done', details: { email: 1 } },
      { action: 'person.erase', outcome: 'invalid_input' },
    ]);
    expect(text).not.toContain('example.org');
  });
});
