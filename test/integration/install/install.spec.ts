import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessStore, AccountStore, Database, IntegrationStore } from '#database';
import { InvalidInputError } from '#domain';
import { AuditLog, AuthorizationLinks, Installer, Integrations, RunService, TokenService } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { type Harness, createHarness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import {
  ACCOUNT_ID,
  CLIENT_ID,
  CLIENT_SECRET,
  InstallScene,
  REDIRECT_URI,
  UNISENDER_KEY,
  defaultIntegration,
  failureOf,
  installAccount,
  saveKey,
  storedClaims,
} from './install-scene.js';

const OTHER_ACCOUNT_ID = 32_000_002;
const OTHER_INTEGRATION = { clientId: 'c1d2e3f4-0000-4000-8000-000000000002', clientSecret: 'other-secret', redirectUri: REDIRECT_URI };

describe.each(testDatabaseKinds())('an installation on %s', (kind) => {
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
    harness = await createHarness({ database: await databases.open(), sandbox });
    await harness.get(Integrations).save(defaultIntegration);
    await control.forgetCalls();
  });

  const finish = async (callback: Parameters<Installer['finishAuthorization']>[0]) => harness.get(Installer).finishAuthorization(callback);
  const findAccount = (accountId = ACCOUNT_ID) => harness.get(AccountStore).find(accountId);

  it('stores the account with its name and host when it starts in the browser', async () => {
    const links = harness.get(AuthorizationLinks);
    const { url, state, clientId } = await links.create({ accountId: ACCOUNT_ID });
    expect(url).toBe(`https://www.kommo.com/oauth?client_id=${CLIENT_ID}&state=${encodeURIComponent(state)}&mode=popup`);
    const installed = await finish(await scene.allow(ACCOUNT_ID, { state, clientId }));
    expect(installed).toEqual({ accountId: ACCOUNT_ID, name: `Company ${ACCOUNT_ID}` });
    expect(await findAccount()).toMatchObject({
      status: 'active',
      clientId: CLIENT_ID,
      name: `Company ${ACCOUNT_ID}`,
      subdomain: `company${ACCOUNT_ID}`,
      host: `company${ACCOUNT_ID}.kommo.com`,
      apiDomain: 'api-c.kommo.com',
    });
  });

  it('needs no state when it starts in the widget', async () => {
    const installed = await finish(await scene.allowFromWidget(ACCOUNT_ID));
    expect(installed.accountId).toBe(ACCOUNT_ID);
  });

  it('stores and logs no secret and no token as plain text', async () => {
    await installAccount(harness, scene);
    await saveKey(harness);
    const { token } = { token: (await storedClaims(harness, ACCOUNT_ID))['jti'] };
    const tables = ['integrations', 'accounts', 'accesses', 'auth_states', 'runs'];
    const rows = await Promise.all(tables.map((table) => harness.get(Database).query(`SELECT * FROM ${table}`)));
    const everything = JSON.stringify([rows, harness.logLines, harness.jobs]);
    for (const secret of [CLIENT_SECRET, UNISENDER_KEY, 'def50200', String(token)]) expect(everything).not.toContain(secret);
  });

  it('R20: keeps one account, its Unisender key and the newest tokens when it is repeated', async () => {
    await installAccount(harness, scene);
    await saveKey(harness);
    const first = await findAccount();
    const firstToken = (await storedClaims(harness, ACCOUNT_ID))['jti'];
    await installAccount(harness, scene);
    const second = await findAccount();
    expect(await harness.get(AccountStore).list({ limit: 10 })).toHaveLength(1);
    expect(second?.unisenderKey).toBe(first?.unisenderKey);
    expect((await storedClaims(harness, ACCOUNT_ID))['jti']).not.toBe(firstToken);
  });

  it('R20: keeps key, list and contacts of a revoked account, and starts a reconciliation', async () => {
    await installAccount(harness, scene);
    const { run } = await saveKey(harness);
    await harness.get(RunService).cancel(run.run_id);
    await harness.get(AccountStore).update(ACCOUNT_ID, { listId: 17, listTitle: 'Kommo' });
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/revoke`);
    expect((await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('reauthorization_required');
    expect((await findAccount())?.status).toBe('reauthorization_required');

    await installAccount(harness, scene);
    expect(await findAccount()).toMatchObject({ status: 'active', listId: 17, listTitle: 'Kommo', webhookState: 'missing' });
    const [newest] = await harness.get(RunService).list(ACCOUNT_ID, 1);
    expect(newest).toMatchObject({ mode: 'reconcile', trigger: 'install', state: 'queued' });
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
  });

  it('R21: stores the right tokens for accounts of two integrations that install at the same time', async () => {
    const integrations = harness.get(Integrations);
    const links = harness.get(AuthorizationLinks);
    await scene.addIntegration(OTHER_INTEGRATION);
    await integrations.save(OTHER_INTEGRATION);
    const accountIds = [1, 2, 3, 4, 5, 6, 7].map((index) => ACCOUNT_ID + index);
    const clientOf = (accountId: number) => (accountId % 2 === 0 ? CLIENT_ID : OTHER_INTEGRATION.clientId);
    for (const accountId of accountIds) await scene.addAccount(accountId);
    await Promise.all(
      accountIds.map(async (accountId) => {
        const { state, clientId } = await links.create({ accountId, clientId: clientOf(accountId) });
        await finish(await scene.allow(accountId, { state, clientId }));
      }),
    );
    for (const accountId of accountIds) {
      const clientId = clientOf(accountId);
      expect(await storedClaims(harness, accountId)).toMatchObject({ account_id: accountId, aud: clientId });
      expect((await findAccount(accountId))?.clientId).toBe(clientId);
    }
  });

  it('R21: never mixes two integrations that install one account at the same time', async () => {
    const integrations = harness.get(Integrations);
    await scene.addIntegration(OTHER_INTEGRATION);
    await integrations.save(OTHER_INTEGRATION);
    const callbacks = [await scene.allowFromWidget(ACCOUNT_ID), await scene.allowFromWidget(ACCOUNT_ID, OTHER_INTEGRATION.clientId)];
    const outcomes = await Promise.allSettled(callbacks.map(finish));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await storedClaims(harness, ACCOUNT_ID))['aud']).toBe((await findAccount())?.clientId);
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
  });

  it('S15: from the widget never gives an account another integration; the operator does', async () => {
    const { clientId } = OTHER_INTEGRATION;
    await scene.addIntegration(OTHER_INTEGRATION);
    await harness.get(Integrations).save(OTHER_INTEGRATION);
    await installAccount(harness, scene);
    const move = async () => finish(await scene.allowFromWidget(ACCOUNT_ID, clientId));
    expect((await failureOf(move())).code).toBe('other_integration');
    expect((await findAccount())?.clientId).toBe(CLIENT_ID);
    expect(await storedClaims(harness, ACCOUNT_ID)).toMatchObject({ aud: CLIENT_ID });
    const [newest] = await harness.get(AuditLog).list({ accountId: ACCOUNT_ID });
    expect(newest).toMatchObject({ actor: 'kommo', outcome: 'other_integration', details: { client_id: clientId } });
    await harness.get(Integrations).saveWithAccount({ ...OTHER_INTEGRATION, accountId: ACCOUNT_ID });
    await move();
    expect(await findAccount()).toMatchObject({ clientId, status: 'active' });
  });

  it('R22: is refused when Kommo names another account, and nothing is stored', async () => {
    await scene.addAccount(OTHER_ACCOUNT_ID);
    const { state } = await harness.get(AuthorizationLinks).create({ accountId: ACCOUNT_ID });
    await control.forgetCalls();
    const failure = await failureOf(finish(await scene.allow(OTHER_ACCOUNT_ID, { state })));
    expect(failure).toMatchObject({ code: 'account_mismatch', fields: ['state'] });
    expect((await control.calls()).map(({ path }) => path)).toEqual(['/oauth2/access_token', '/api/v4/account']);
    expect(await harness.get(AccountStore).list({ limit: 10 })).toEqual([]);
    expect(await harness.get(AccessStore).find(OTHER_ACCOUNT_ID)).toBeUndefined();
  });

  it('R24: accepts a state once, also when two callbacks come at the same time', async () => {
    const { state } = await harness.get(AuthorizationLinks).create({ accountId: ACCOUNT_ID });
    const callbacks = [await scene.allow(ACCOUNT_ID, { state }), await scene.allow(ACCOUNT_ID, { state })];
    const outcomes = await Promise.allSettled(callbacks.map(finish));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await failureOf(finish(await scene.allow(ACCOUNT_ID, { state })))).toMatchObject({ fields: ['state'] });
  });

  it('uses the integration of the account, else the requested one, else the oldest one', async () => {
    const integrations = harness.get(Integrations);
    const links = harness.get(AuthorizationLinks);
    expect((await links.create({ accountId: ACCOUNT_ID })).clientId).toBe(CLIENT_ID);
    await integrations.save(OTHER_INTEGRATION);
    expect((await links.create({ accountId: ACCOUNT_ID })).clientId).toBe(CLIENT_ID);
    expect((await links.create({ accountId: ACCOUNT_ID, clientId: 'unknown' })).clientId).toBe(CLIENT_ID);
    const { clientId } = OTHER_INTEGRATION;
    expect((await links.create({ accountId: ACCOUNT_ID, clientId })).clientId).toBe(clientId);
    await integrations.saveWithAccount({ ...OTHER_INTEGRATION, accountId: ACCOUNT_ID });
    const chosen = await links.create({ accountId: ACCOUNT_ID, clientId: CLIENT_ID });
    expect(chosen.clientId).toBe(OTHER_INTEGRATION.clientId);
  });

  it('saves an integration and an account together, or neither', async () => {
    const integrations = harness.get(Integrations);
    await integrations.saveWithAccount({ ...OTHER_INTEGRATION, accountId: OTHER_ACCOUNT_ID });
    expect(await findAccount(OTHER_ACCOUNT_ID)).toMatchObject({ status: 'pending_authorization', clientId: OTHER_INTEGRATION.clientId });
    const bad = { clientId: 'third', clientSecret: '', redirectUri: 'ftp://x', accountId: 5 };
    const failure = await failureOf(integrations.saveWithAccount(bad));
    expect(failure.fields).toEqual(['client_secret', 'redirect_uri']);
    expect(await harness.get(IntegrationStore).find('third')).toBeUndefined();
  });

  it('must be repeated when an account gets another integration', async () => {
    await installAccount(harness, scene);
    await harness.get(Integrations).saveWithAccount({ ...OTHER_INTEGRATION, accountId: ACCOUNT_ID });
    expect(await findAccount()).toMatchObject({ status: 'reauthorization_required', clientId: OTHER_INTEGRATION.clientId });
    const calls = (await control.calls()).length;
    expect((await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('reauthorization_required');
    expect(await control.calls()).toHaveLength(calls);
  });

  it('throws InvalidInputError for every error of the caller', async () => {
    await expect(finish({})).rejects.toBeInstanceOf(InvalidInputError);
    await expect(harness.get(AuthorizationLinks).create({ accountId: -1 })).rejects.toBeInstanceOf(InvalidInputError);
  });
});
