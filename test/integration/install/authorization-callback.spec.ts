import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore } from '#database';
import { type AuthorizationCallback, AuthorizationLinks, Installer, Integrations } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { type Harness, createHarness } from '../../support/sync-harness.js';
import { openTestDatabases } from '../../support/test-databases.js';
import { ACCOUNT_ID, CLIENT_ID, InstallScene, REDIRECT_URI, defaultIntegration, failureOf } from './install-scene.js';

const OTHER_INTEGRATION = { clientId: 'c1d2e3f4-0000-4000-8000-000000000002', clientSecret: 'other-secret', redirectUri: REDIRECT_URI };

describe('an answer at the redirect URI', () => {
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

  const finish = async (answer: AuthorizationCallback) => harness.get(Installer).finishAuthorization(answer);
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
  ])('R23: referer %j is refused before anything leaves', async (referer) => {
    const answer = await scene.allowFromWidget(ACCOUNT_ID);
    expect(await failureOf(finish({ ...answer, referer }))).toMatchObject({ code: 'invalid_input', fields: ['referer'] });
    expect(await control.calls()).toEqual([]);
  });

  it('R23: an allowed host in upper case, or as an address, is taken', async () => {
    const answer = await scene.allowFromWidget(ACCOUNT_ID);
    await finish({ ...answer, referer: `https://COMPANY${ACCOUNT_ID}.Kommo.com` });
    expect((await findAccount())?.host).toBe(`company${ACCOUNT_ID}.kommo.com`);
  });

  it('R24: a state that is missing, foreign, changed or expired is refused before anything leaves', async () => {
    const { state } = await harness.get(AuthorizationLinks).create({ accountId: ACCOUNT_ID });
    const answer = await scene.allow(ACCOUNT_ID, { state });
    const [payload, mac] = state.split('.');
    const forged = Buffer.from(JSON.stringify({ account_id: 1, client_id: CLIENT_ID, nonce: 'x', exp: 2 ** 40 })).toString('base64url');
    for (const bad of [undefined, '', 'nonsense', `${forged}.${mac}`, `${payload}.`, `${state}x`]) {
      expect(await failureOf(finish({ ...answer, state: bad }))).toMatchObject({ code: 'invalid_input', fields: ['state'] });
    }
    harness.clock.advance(21 * 60_000);
    expect((await failureOf(finish(answer))).fields).toEqual(['state']);
    expect(await control.calls()).toEqual([]);
  });

  it('R24: a state given to another integration is refused', async () => {
    await harness.get(Integrations).save(OTHER_INTEGRATION);
    const { state } = await harness.get(AuthorizationLinks).create({ accountId: ACCOUNT_ID, clientId: CLIENT_ID });
    const answer = await scene.allow(ACCOUNT_ID, { state });
    expect((await failureOf(finish({ ...answer, clientId: OTHER_INTEGRATION.clientId }))).fields).toEqual(['state']);
  });

  it('names every bad field of an answer at once', async () => {
    const failure = await failureOf(finish({ code: '', referer: 'evil.test', clientId: 'unknown' }));
    expect(failure.fields).toEqual(['code', 'referer', 'state', 'client_id']);
  });

  it('says that the access was declined, without a call', async () => {
    const failure = await failureOf(finish({ error: 'access_denied', clientId: CLIENT_ID }));
    expect(failure).toMatchObject({ code: 'consent_declined', fields: ['error'] });
    expect(await control.calls()).toEqual([]);
  });

  it("gives Kommo's reason when a code is refused, and keeps nothing", async () => {
    const answer = await scene.allowFromWidget(ACCOUNT_ID);
    const failure = await failureOf(finish({ ...answer, code: 'def50200garbage' }));
    expect(failure).toMatchObject({ code: 'kommo_code_refused', fields: ['code'] });
    expect(failure.message).toContain('Cannot decrypt the authorization code');
    expect(await findAccount()).toBeUndefined();
  });

  it.each(['500', '503', '429', '403html', 'reset', 'half_body', 'empty'])(
    'keeps nothing when the token endpoint answers %s',
    async (kindOfFault) => {
      await control.fault({ target: 'kommo', kind: kindOfFault, match: '/oauth2/access_token', times: 1 });
      const failure = await failureOf(finish(await scene.allowFromWidget(ACCOUNT_ID)));
      expect(failure.code).toMatch(/^kommo_/);
      expect(await findAccount()).toBeUndefined();
    },
  );
});
