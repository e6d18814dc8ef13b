import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccessStore, AccountStore, ContactStore, Database, RunStore } from '#database';
import { KommoClient } from '#kommo';
import { AuditLog, DisconnectedAccounts, Integrations, RunService, Uninstall } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { type Harness, createHarness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import {
  ACCOUNT_ID,
  CLIENT_ID,
  CLIENT_SECRET,
  InstallScene,
  UNISENDER_KEY,
  defaultIntegration,
  failureOf,
  installAccount,
  saveKey,
} from './install-scene.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;
const ROWS = 25;

const sign = (accountId = ACCOUNT_ID, clientId = CLIENT_ID, secret = CLIENT_SECRET) =>
  createHmac('sha256', secret).update(`${clientId}|${accountId}`).digest('hex');

describe.each(testDatabaseKinds())('an uninstall on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let sandbox: Sandbox;
  let control: SandboxControl;
  let scene: InstallScene;
  let harness: Harness;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = new SandboxControl(sandbox.url);
    scene = new InstallScene(control);
  });

  afterAll(() => sandbox.close());

  beforeEach(async () => {
    await scene.begin();
    const database = await databases.openAt(await databases.createMigrated());
    harness = await createHarness({ database, sandbox });
    await harness.get(Integrations).save(defaultIntegration);
    await installAccount(harness, scene);
    await saveKey(harness);
    await fillMirror();
    await control.forgetCalls();
  });

  /** Adds rows to the tables that a purge must find. */
  async function fillMirror(): Promise<void> {
    const database = harness.get(Database);
    for (let id = 1; id <= ROWS; id += 1) {
      await database.execute("INSERT INTO contacts (account_id, contact_id, name, fields, updated_at) VALUES (?, ?, '', '{}', 0)", [
        ACCOUNT_ID,
        id,
      ]);
      await database.execute('INSERT INTO contact_addresses (account_id, email, contact_id) VALUES (?, ?, ?)', [
        ACCOUNT_ID,
        `${id}@example.com`,
        id,
      ]);
      await database.execute('INSERT INTO addresses (account_id, email, updated_at) VALUES (?, ?, 0)', [ACCOUNT_ID, `${id}@example.com`]);
    }
  }

  const tables = ['accounts', 'accesses', 'contacts', 'contact_addresses', 'addresses', 'runs', 'events', 'failures'];

  async function rowsLeft(): Promise<number> {
    let sum = 0;
    for (const table of tables) {
      const [row] = await harness
        .get(Database)
        .query<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE account_id = ?`, [ACCOUNT_ID]);
      sum += row?.n ?? 0;
    }
    return sum;
  }

  const account = () => harness.get(AccountStore).find(ACCOUNT_ID);
  const receive = async (signature: string, { accountId = ACCOUNT_ID, clientId = CLIENT_ID } = {}) => {
    await harness.get(Uninstall).receive({ clientId, accountId, signature });
    await harness.get(Uninstall).decide(accountId);
  };
  /** Kommo does not respond about the account for ten minutes: then the call counts, and the access still works. */
  const receiveUndecided = async () => {
    await control.fault({ target: 'kommo', kind: '500', match: '/api/v4/account', times: 2 });
    await receive(sign());
    expect((await account())?.status).toBe('active');
    harness.clock.advance(10 * MINUTE_MS);
    await harness.get(Uninstall).decideAll();
  };
  /** Authorises the account again once, after Kommo has refused its former access and before the service knows it. */
  const authoriseDuringCheck = () => {
    const kommo = harness.get(KommoClient);
    const getAccount = kommo.getAccount.bind(kommo);
    jest.spyOn(kommo, 'getAccount').mockImplementationOnce(async (session) => {
      try {
        return await getAccount(session);
      } finally {
        await installAccount(harness, scene);
      }
    });
  };
  const kommoHooks = async () => (await control.get<{ webhooks: unknown[] }>(`/kommo/accounts/${ACCOUNT_ID}`)).webhooks.length;
  const unisenderHooks = async () => (await control.get<{ hooks: unknown[] }>(`/unisender/accounts/${UNISENDER_KEY}`)).hooks.length;
  const revoke = () => control.post(`/kommo/accounts/${ACCOUNT_ID}/revoke`, { client_id: CLIENT_ID });

  it.each([
    ['no signature', '0'.repeat(64), {}],
    ['the signature of another account', sign(ACCOUNT_ID + 1), {}],
    ['a signature made with another secret', sign(ACCOUNT_ID, CLIENT_ID, 'guessed'), {}],
    ['another integration', sign(ACCOUNT_ID, 'elsewhere'), { clientId: 'elsewhere' }],
    ['an unknown account', sign(77), { accountId: 77 }],
  ])('R46: changes nothing when the call has %s', async (_name, signature, over) => {
    const rows = await rowsLeft();
    expect((await failureOf(receive(signature, over))).code).toBe('uninstall_refused');
    expect((await account())?.status).toBe('active');
    expect(await rowsLeft()).toBe(rows);
    expect(await control.calls()).toEqual([]);
  });

  it('R46: deletes webhooks and stops work at once, and deletes the data after the grace period', async () => {
    const { clock } = harness;
    await receiveUndecided();
    await receive(sign());
    expect([await kommoHooks(), await unisenderHooks()]).toEqual([0, 0]);
    expect(await account()).toMatchObject({ status: 'disconnected', webhookState: null });
    expect(await harness.get(RunStore).findActive(ACCOUNT_ID)).toBeUndefined();
    expect((await failureOf(harness.get(RunService).start({ accountId: ACCOUNT_ID, mode: 'import', trigger: 'operator' }))).code).toBe(
      'disconnected',
    );
    await revoke();
    clock.advance(29 * DAY_MS);
    await harness.get(DisconnectedAccounts).cleanUpAll();
    expect(await account()).toBeDefined();
    clock.advance(2 * DAY_MS);
    await harness.get(DisconnectedAccounts).cleanUpAll();
    expect(await rowsLeft()).toBe(0);
    await installAccount(harness, scene);
    await saveKey(harness);
    expect(await account()).toMatchObject({ status: 'active', webhookState: 'active', baselineState: 'none' });
  });

  it('R46: is undone by a new authorisation: key, mirror and settings stay', async () => {
    const before = await account();
    await revoke();
    await receive(sign());
    expect((await account())?.status).toBe('disconnected');
    harness.clock.advance(DAY_MS);
    await harness.get(DisconnectedAccounts).cleanUpAll();
    await installAccount(harness, scene);
    const after = await account();
    expect(after).toMatchObject({ status: 'active', disconnectedAt: null, unisenderKey: before?.unisenderKey, settings: before?.settings });
    expect(await harness.get(ContactStore).countExisting(ACCOUNT_ID)).toBe(ROWS);
    expect(await harness.get(RunStore).findActive(ACCOUNT_ID)).toMatchObject({ mode: 'reconcile' });
  });

  it('S10: has no effect while Kommo accepts the access: the call is an old one, and that is recorded', async () => {
    const { clock } = harness;
    await receive(sign());
    clock.advance(9 * MINUTE_MS);
    await receive(sign());
    await harness.get(Uninstall).decideAll();
    expect(await account()).toMatchObject({ status: 'active', uninstallAskedAt: expect.any(Number) });
    clock.advance(MINUTE_MS);
    await harness.get(Uninstall).decideAll();
    expect(await account()).toMatchObject({ status: 'active', uninstallAskedAt: null });
    expect(await harness.get(AuditLog).list({ accountId: ACCOUNT_ID, limit: 1 })).toMatchObject([
      { actor: 'kommo', action: 'account.ignore_uninstall', outcome: 'done' },
    ]);
    expect([await kommoHooks(), await unisenderHooks()]).toEqual([1, 1]);
  });

  it('S10: counts when Kommo ends the access some minutes after the call', async () => {
    await receive(sign());
    harness.clock.advance(3 * MINUTE_MS);
    await revoke();
    await harness.get(Uninstall).decideAll();
    expect(await account()).toMatchObject({ status: 'disconnected', uninstallAskedAt: null });
    expect(await harness.get(AuditLog).list({ accountId: ACCOUNT_ID, limit: 1 })).toMatchObject([
      { action: 'account.uninstall', outcome: 'done' },
    ]);
  });

  it('S10: has no effect when the account is authorised again while Kommo is asked', async () => {
    await revoke();
    authoriseDuringCheck();
    await receive(sign());
    expect(await account()).toMatchObject({ status: 'active', uninstallAskedAt: null });
    expect(await harness.get(RunStore).findActive(ACCOUNT_ID)).toBeDefined();
    expect([await kommoHooks(), await unisenderHooks()]).toEqual([1, 1]);
    const [ignored] = await harness.get(AuditLog).list({ accountId: ACCOUNT_ID, limit: 1 });
    expect(ignored).toMatchObject({ action: 'account.uninstall', outcome: 'account_changed' });
  });

  it('is undone when Kommo accepts the access after it gave no response for ten minutes', async () => {
    await receiveUndecided();
    await harness.get(DisconnectedAccounts).cleanUpAll();
    expect((await account())?.status).toBe('disconnected');
    harness.clock.advance(3_600_000);
    await harness.get(DisconnectedAccounts).cleanUpAll();
    expect((await account())?.status).toBe('active');
    expect(await harness.get(RunStore).findActive(ACCOUNT_ID)).toMatchObject({ mode: 'reconcile', trigger: 'watchdog' });
  });

  it('keeps the tokens of an authorisation that comes while Kommo is asked about the former ones', async () => {
    await receiveUndecided();
    await revoke();
    harness.clock.advance(3_600_000);
    authoriseDuringCheck();
    await harness.get(DisconnectedAccounts).cleanUpAll();
    expect((await account())?.status).toBe('active');
    expect(await harness.get(AccessStore).find(ACCOUNT_ID)).toBeDefined();
  });

  it('deletes a webhook later when its vendor is unavailable', async () => {
    await control.fault({ target: 'unisender', kind: '500', times: 20 });
    await receiveUndecided();
    expect([await kommoHooks(), await unisenderHooks()]).toEqual([0, 1]);
    await control.clearFaults();
    await revoke();
    harness.clock.advance(3_600_000);
    await harness.get(DisconnectedAccounts).cleanUpAll();
    expect(await unisenderHooks()).toBe(0);
    expect(await account()).toMatchObject({ status: 'disconnected', webhookState: null });
  });
});
