import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore } from '#database';
import { type AuthorizationCallback, AuthorizationLinks, Installer, Integrations } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { type Harness, createHarness } from '../../support/sync-harness.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ACCOUNT_ID, CLIENT_ID, InstallScene, REDIRECT_URI, defaultIntegration, failureOf } from './install-scene.js';

const OTHER_INTEGRATION = { clientId: 'c1d2e3f4-0000-4000-8000-000000000002', clientSecret: 'other-secret', redirectUri: REDIRECT_URI };

describe('a callback at the redirect URI', () => {
  const databases = openTestDatabases('sqlite');
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
    harness = await createHarness({ database: await databases.open(), sandbox });
    await harness.get(Integrations).save(defaultIntegration);
    await control.forgetCalls();
  });

  const finish = async (callback: AuthorizationCallback) => harness.get(Installer).finishAuthorization(callback);
  const findAccount = () => harness.get(AccountStore).find(ACCOUNT_ID);

  it.each([
    'evil.test',
    'company32000001.kommo.com.evil.test',
    '127.0.0.1',
    'user@company32000001.kommo.com',
    'company32000001.kommo.com:8443',
    'company32000001.kommo.com/path',
    'company32000001.kommo.com.',
    'cоmpany32000001.kommo.com',
    'company32000001.kommo。com',
    'https://company32000001.kommo.com/../evil',
    'company32000001.kommo.com\r\nHost: evil.test',
    '',
  ])('R23: is refused with referer %j before any call to Kommo', async (referer) => {
    const callback = await scene.allowFromWidget(ACCOUNT_ID);
    expect(await failureOf(finish({ ...callback, referer }))).toMatchObject({ code: 'invalid_input', fields: ['referer'] });
    expect(await control.calls()).toEqual([]);
  });

  it('R23: is accepted with an allowed host in upper case or in a URL', async () => {
    const callback = await scene.allowFromWidget(ACCOUNT_ID);
    await finish({ ...callback, referer: `https://COMPANY${ACCOUNT_ID}.Kommo.com` });
    expect((await findAccount())?.host).toBe(`company${ACCOUNT_ID}.kommo.com`);
  });

  it('R24: is refused with a missing, foreign, changed or expired state before any call to Kommo', async () => {
    const { state } = await harness.get(AuthorizationLinks).create({ accountId: ACCOUNT_ID });
    const callback = await scene.allow(ACCOUNT_ID, { state });
    const [payload, mac] = state.split('.');
    const forged = Buffer.from(JSON.stringify({ account_id: 1, client_id: CLIENT_ID, nonce: 'x', exp: 2 ** 40 })).toString('base64url');
    for (const bad of [undefined, '', 'nonsense', `${forged}.${mac}`, `${payload}.`, `${state}x`]) {
      expect(await failureOf(finish({ ...callback, state: bad }))).toMatchObject({ code: 'invalid_input', fields: ['state'] });
    }
    harness.clock.advance(21 * 60_000);
    expect((await failureOf(finish(callback))).fields).toEqual(['state']);
    expect(await control.calls()).toEqual([]);
  });

  it('R24: is refused with a state of another integration', async () => {
    await harness.get(Integrations).save(OTHER_INTEGRATION);
    const { state } = await harness.get(AuthorizationLinks).create({ accountId: ACCOUNT_ID, clientId: CLIENT_ID });
    const callback = await scene.allow(ACCOUNT_ID, { state });
    expect((await failureOf(finish({ ...callback, clientId: OTHER_INTEGRATION.clientId }))).fields).toEqual(['state']);
  });

  it('gets one error that names every bad field', async () => {
    const failure = await failureOf(finish({ code: '', referer: 'evil.test', clientId: 'unknown' }));
    expect(failure.fields).toEqual(['code', 'referer', 'state', 'client_id']);
  });

  it('gets the error that the user declined the access, without a call to Kommo', async () => {
    const failure = await failureOf(finish({ error: 'access_denied', clientId: CLIENT_ID }));
    expect(failure).toMatchObject({ code: 'consent_declined', fields: ['error'] });
    expect(await control.calls()).toEqual([]);
  });

  it("gets Kommo's reason when Kommo refuses the code, and nothing is stored", async () => {
    const callback = await scene.allowFromWidget(ACCOUNT_ID);
    const failure = await failureOf(finish({ ...callback, code: 'def50200garbage' }));
    expect(failure).toMatchObject({ code: 'kommo_code_refused', fields: ['code'] });
    expect(failure.message).toContain('Cannot decrypt the authorization code');
    expect(await findAccount()).toBeUndefined();
  });

  it.each(['500', '503', '429', '403html', 'reset', 'half_body', 'empty'])(
    'stores nothing when the token endpoint responds with %s',
    async (kindOfFault) => {
      await control.fault({ target: 'kommo', kind: kindOfFault, match: '/oauth2/access_token', times: 1 });
      const failure = await failureOf(finish(await scene.allowFromWidget(ACCOUNT_ID)));
      expect(failure.code).toMatch(/^kommo_/);
      expect(await findAccount()).toBeUndefined();
    },
  );
});
