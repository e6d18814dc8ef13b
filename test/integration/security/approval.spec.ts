import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AlertStore } from '#database';
import { AllAccounts } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, CLIENT_ID, CLIENT_SECRET, UNISENDER_KEY } from '../api/api-scene.js';
import { ACCOUNT_ID, InstallScene, installAccount } from '../install/install-scene.js';

describe('S25: an account of a public integration with APPROVE_ACCOUNTS=1', () => {
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
    await vendors.begin();
    scene = await ApiScene.open({ database: await databases.open(), sandboxUrl: sandbox.url, config: { approveAccounts: true } });
    await scene.saveIntegration();
  });

  const saveKey = async () => {
    const headers = { 'x-auth-token': await vendors.disposableToken(ACCOUNT_ID) };
    return scene.send('POST', '/widget', { headers, body: { account_id: ACCOUNT_ID, unisender_key: UNISENDER_KEY } });
  };
  const findAccount = async () => (await scene.sendAsOperator('GET', `/operations/accounts/${ACCOUNT_ID}`)).body.data;
  const approve = (accountId = ACCOUNT_ID) => scene.sendAsOperator('POST', `/operations/accounts/${accountId}/approve`);
  const reads = async () => (await control.calls('/api/v4/contacts')).length;

  it('waits for the operator: no contact is read and no key is accepted before', async () => {
    await installAccount(scene.harness, vendors);
    expect(await findAccount()).toMatchObject({ status: 'pending_authorization', attention: ['approval_required'] });
    expect((await scene.harness.get(AlertStore).listDue(10)).map(({ kind }) => kind)).toEqual(['approval_required']);
    expect(await saveKey()).toMatchObject({ status: 403, body: { data: { error: 'approval_required' } } });
    const contacts = await scene.sendAsOperator('GET', `/kommo/contacts?id=${ACCOUNT_ID}&page=1&limit=10`);
    expect(contacts).toMatchObject({ status: 403, body: { data: { error: 'approval_required' } } });
    await scene.harness.get(AllAccounts).checkAll();
    await installAccount(scene.harness, vendors);
    expect(await findAccount()).toMatchObject({ status: 'pending_authorization', attention: ['approval_required'] });
    expect(await reads()).toBe(0);
  });

  it('works after the approval, which can be repeated', async () => {
    await installAccount(scene.harness, vendors);
    expect(await approve()).toMatchObject({ status: 200, body: { data: { status: 'active', attention: [] } } });
    expect((await approve()).status).toBe(200);
    expect((await saveKey()).status).toBe(202);
    expect((await approve(77)).status).toBe(404);
    await installAccount(scene.harness, vendors);
    expect(await findAccount()).toMatchObject({ status: 'active' });
  });

  it('needs no approval when the operator entered the account', async () => {
    const body = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, redirect_uri: 'https://sync.example.org/auth' };
    await scene.sendAsOperator('POST', '/setup', { body: { ...body, account_id: ACCOUNT_ID } });
    await installAccount(scene.harness, vendors);
    expect(await findAccount()).toMatchObject({ status: 'active' });
    expect((await saveKey()).status).toBe(202);
  });
});
