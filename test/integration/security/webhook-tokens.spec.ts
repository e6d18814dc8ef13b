import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RunStore } from '#database';
import { AllAccounts, WebhookRotation } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ApiScene, UNISENDER_KEY } from '../api/api-scene.js';
import { ACCOUNT_ID, InstallScene, installAccount, saveKey } from '../install/install-scene.js';

const TWO_HOURS_MS = 2 * 3_600_000;

describe('S06: the secret URLs of webhooks', () => {
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
    scene = await ApiScene.open({ database: await databases.open(), sandboxUrl: sandbox.url });
    await scene.saveIntegration();
    await installAccount(scene.harness, vendors);
    await saveKey(scene.harness);
  });

  const tokens = async () => [await scene.webhookToken(ACCOUNT_ID, 'kommo'), await scene.webhookToken(ACCOUNT_ID, 'unisender')] as const;
  const statusAtKommo = async (token: string) => (await scene.send('POST', `/webhook/${token}`)).status;
  const statusAtUnisender = async (token: string) => (await scene.send('GET', `/unisender/webhook/${token}`)).status;
  const registered = async () => {
    const { webhooks } = await control.get<{ webhooks: { destination: string }[] }>(`/kommo/accounts/${ACCOUNT_ID}`);
    const { hooks } = await control.get<{ hooks: { hook_url: string }[] }>(`/unisender/accounts/${UNISENDER_KEY}`);
    return [...webhooks.map(({ destination }) => destination), ...hooks.map(({ hook_url }) => hook_url)];
  };
  const urlsOf = ([kommo, unisender]: readonly [string, string]) => [
    `https://sync.example.org/webhook/${kommo}`,
    `https://sync.example.org/unisender/webhook/${unisender}`,
  ];
  const rotate = () => scene.harness.get(WebhookRotation).run(ACCOUNT_ID);

  it('differ between the vendors: the token of one does not work for the other', async () => {
    const [kommo, unisender] = await tokens();
    expect(kommo).not.toBe(unisender);
    expect([await statusAtKommo(kommo), await statusAtUnisender(unisender)]).toEqual([200, 200]);
    expect([await statusAtKommo(unisender), await statusAtUnisender(kommo)]).toEqual([404, 404]);
  });

  it('change with a new authorisation: the former ones end at once, and a reconciliation follows', async () => {
    const run = await scene.harness.get(RunStore).findActive(ACCOUNT_ID);
    await scene.harness.get(RunStore).transition(run?.runId ?? '', 'cancelled');
    const former = await tokens();
    expect(await statusAtKommo(former[0])).toBe(200);
    await installAccount(scene.harness, vendors);
    const present = await tokens();
    expect(new Set([...former, ...present]).size).toBe(4);
    expect([await statusAtKommo(former[0]), await statusAtUnisender(former[1])]).toEqual([404, 404]);
    expect([await statusAtKommo(present[0]), await statusAtUnisender(present[1])]).toEqual([200, 200]);
    expect(await scene.harness.get(RunStore).findActive(ACCOUNT_ID)).toMatchObject({ mode: 'reconcile', trigger: 'install' });
    await scene.harness.get(AllAccounts).checkAll();
    expect(await registered()).toEqual(urlsOf(present));
  });

  it('change by command: both vendors get the new ones, and the former ones are valid for two hours', async () => {
    const former = await tokens();
    expect(await rotate()).toEqual([{ accountId: ACCOUNT_ID, failure: null }]);
    const present = await tokens();
    expect(await registered()).toEqual(urlsOf(present));
    expect([await statusAtKommo(former[0]), await statusAtUnisender(former[1])]).toEqual([200, 200]);
    scene.harness.clock.advance(TWO_HOURS_MS);
    expect([await statusAtKommo(former[0]), await statusAtUnisender(former[1])]).toEqual([404, 404]);
    expect([await statusAtKommo(present[0]), await statusAtUnisender(present[1])]).toEqual([200, 200]);
  });

  it('end, after two changes by command, two hours after their own change', async () => {
    const [first] = await tokens();
    await rotate();
    scene.harness.clock.advance(TWO_HOURS_MS / 2);
    const [second] = await tokens();
    await rotate();
    scene.harness.clock.advance(TWO_HOURS_MS / 2);
    expect([await statusAtKommo(first), await statusAtKommo(second)]).toEqual([404, 200]);
  });

  it('are registered and removed later when a vendor is unavailable', async () => {
    await control.fault({ target: 'kommo', kind: '503', match: '/api/v4/webhooks', times: 1 });
    await control.fault({ target: 'unisender', kind: '503', match: '/removeHook', times: 1 });
    expect(await rotate()).toEqual([{ accountId: ACCOUNT_ID, failure: 'kommo_unavailable' }]);
    await control.clearFaults();
    await scene.harness.get(AllAccounts).checkAll();
    expect(await registered()).toEqual(urlsOf(await tokens()));
  });

  it('cannot be changed for an account that is not active', async () => {
    await expect(scene.harness.get(WebhookRotation).run(77)).rejects.toMatchObject({ code: 'not_found' });
  });
});
