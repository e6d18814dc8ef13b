import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore, AlertStore } from '#database';
import { AuthorizationLinks } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, UNISENDER_KEY } from '../api/api-scene.js';
import { ACCOUNT_ID, CLIENT_ID, failureOf, InstallScene, installAccount, storedClaims } from '../install/install-scene.js';

const ADMINISTRATOR = 11;
const MANAGER = 12;
const OTHER_ADMINISTRATOR = 13;

describe('S05: what a user without administrator rights may do', () => {
  const databases = openTestDatabases('sqlite');
  let sandbox: Sandbox;
  let control: SandboxControl;
  let vendors: InstallScene;
  let scene: ApiScene;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = new SandboxControl(sandbox.url);
    vendors = new InstallScene(control);
  });
  afterAll(() => sandbox.close());

  beforeEach(async () => {
    await control.reset();
    await vendors.addIntegration();
    await vendors.addAccount(ACCOUNT_ID, [
      { id: ADMINISTRATOR, is_admin: true },
      { id: MANAGER, is_admin: false, contacts_view: 'M' },
      { id: OTHER_ADMINISTRATOR, is_admin: true },
    ]);
    await control.post('/unisender/accounts', { api_key: UNISENDER_KEY, login: 'owner@example.org' });
    scene = await ApiScene.open({ database: await databases.open(), sandboxUrl: sandbox.url });
    await scene.saveIntegration();
    await installAccount(scene.harness, vendors, ACCOUNT_ID, ADMINISTRATOR);
    await control.forgetCalls();
  });

  const send = async (userId: number, method: 'GET' | 'POST') => {
    const headers = { 'x-auth-token': await vendors.disposableToken(ACCOUNT_ID, CLIENT_ID, userId) };
    if (method === 'GET') return scene.send('GET', `/widget/status?account_id=${ACCOUNT_ID}`, { headers });
    return scene.send('POST', '/widget', { headers, body: { account_id: ACCOUNT_ID, unisender_key: UNISENDER_KEY } });
  };
  const askedUsers = async () => (await control.calls('/api/v4/users/')).map(({ path }) => path);
  const findKey = async () => (await scene.harness.get(AccountStore).find(ACCOUNT_ID))?.unisenderKey;
  const refused = { status: 403, body: { data: { error: 'administrator_required' } } };

  it('the claim is_admin decides: a manager reads the status and saves nothing', async () => {
    expect((await send(MANAGER, 'GET')).status).toBe(200);
    const response = await send(MANAGER, 'POST');
    expect(response).toMatchObject(refused);
    expect(response.body.message).toContain('https://sync.example.org/console/');
    expect(await findKey()).toBeNull();
    expect((await send(ADMINISTRATOR, 'POST')).status).toBe(202);
    expect(await askedUsers()).toEqual([]);
  });

  it('without the claim Kommo is asked about that user, once in five minutes', async () => {
    await control.set({ 'kommo.disposable_is_admin': 'absent' });
    expect((await send(MANAGER, 'GET')).status).toBe(200);
    expect(await askedUsers()).toEqual([]);
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      expect(await send(MANAGER, 'POST')).toMatchObject(refused);
      expect((await send(ADMINISTRATOR, 'POST')).status).toBe(202);
    }
    const once = [`/api/v4/users/${MANAGER}`, `/api/v4/users/${ADMINISTRATOR}`];
    expect(await askedUsers()).toEqual(once);
    scene.harness.clock.advance(5 * 60_000);
    expect(await send(MANAGER, 'POST')).toMatchObject(refused);
    expect(await askedUsers()).toEqual([...once, once[0]]);
  });

  it.each(['other', 'without_is_admin'])('without the claim a response of the kind "%s" does not count', async (kind) => {
    await control.set({ 'kommo.disposable_is_admin': 'absent', 'kommo.user_response': kind });
    expect(await send(ADMINISTRATOR, 'POST')).toMatchObject(refused);
    expect(await findKey()).toBeNull();
  });

  it.each(['403html', '500', '429'])('without the claim the fault %s of Kommo refuses the change', async (kind) => {
    await control.set({ 'kommo.disposable_is_admin': 'absent' });
    await control.fault({ target: 'kommo', kind, match: '/api/v4/users/', times: 1 });
    expect(await send(OTHER_ADMINISTRATOR, 'POST')).toMatchObject(refused);
    expect(await findKey()).toBeNull();
  });

  describe('an authorisation', () => {
    const authorize = async (userId: number) => installAccount(scene.harness, vendors, ACCOUNT_ID, userId);
    const listAttention = async () => {
      const { body } = await scene.sendAsOperator('GET', '/accounts');
      return (body.data['accounts'] as { attention: string[] }[])[0]?.attention;
    };
    const alertKinds = async () => (await scene.harness.get(AlertStore).listDue(10)).map(({ kind }) => kind);
    const tokenUser = async () => (await storedClaims(scene.harness, ACCOUNT_ID))['sub'];

    it('by a user who sees fewer contacts is refused: the access stays, and a human is asked for', async () => {
      expect(await listAttention()).toEqual([]);
      expect((await failureOf(authorize(MANAGER))).code).toBe('administrator_required');
      expect(await tokenUser()).toBe(String(ADMINISTRATOR));
      expect(await listAttention()).toContain('administrator_required');
      expect(await alertKinds()).toEqual(['authorization_refused']);
    });

    it('is refused, too, when Kommo shows another user than the one of the token', async () => {
      await control.set({ 'kommo.user_response': 'other' });
      expect((await failureOf(authorize(MANAGER))).code).toBe('administrator_required');
      expect(await tokenUser()).toBe(String(ADMINISTRATOR));
    });

    it('by another administrator is accepted and ends the flag', async () => {
      expect((await failureOf(authorize(MANAGER))).code).toBe('administrator_required');
      await authorize(OTHER_ADMINISTRATOR);
      expect(await tokenUser()).toBe(String(OTHER_ADMINISTRATOR));
      expect(await listAttention()).not.toContain('administrator_required');
    });

    it('by the same kind of user as before is accepted: nothing was seen that is not seen now', async () => {
      const accountId = ACCOUNT_ID + 1;
      await vendors.addAccount(accountId, [{ id: 21, is_admin: false, contacts_view: 'M' }]);
      await installAccount(scene.harness, vendors, accountId);
      await installAccount(scene.harness, vendors, accountId);
      expect(await scene.harness.get(AccountStore).find(accountId)).toMatchObject({ status: 'active', accessScope: 'own' });
    });

    it('over HTTP responds with 403', async () => {
      const { state } = await scene.harness.get(AuthorizationLinks).create({ accountId: ACCOUNT_ID });
      const { code = '', referer = '' } = await vendors.allow(ACCOUNT_ID, { state, userId: MANAGER });
      const query = new URLSearchParams({ code, referer, client_id: CLIENT_ID, state });
      expect(await scene.send('GET', `/auth?${query.toString()}`)).toMatchObject(refused);
    });
  });
});
