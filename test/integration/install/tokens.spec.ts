import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AccessStore, AccountStore, type Database, type DatabaseLocation } from '#database';
import { AccountBlockedError, Secret, TransientError } from '#domain';
import { KommoClient, type KommoSession, KommoTokenRefusedError } from '#kommo';
import { Integrations, TokenRenewal, TokenService } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { type Harness, createHarness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { ACCOUNT_ID, InstallScene, defaultIntegration, failureOf, installAccount, saveKey, storedClaims } from './install-scene.js';

const DAY_MS = 24 * 3_600_000;
const TOKEN_PATH = '/oauth2/access_token';

describe.each(testDatabaseKinds())('tokens on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let sandbox: Sandbox;
  let control: SandboxControl;
  let scene: InstallScene;
  let location: DatabaseLocation;
  let harness: Harness;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = new SandboxControl(sandbox.url);
    scene = new InstallScene(control);
  });

  afterAll(() => sandbox.close());

  const startProcess = async (): Promise<Harness> => {
    const database: Database = await databases.openAt(location);
    return await createHarness({ database, sandbox });
  };

  beforeEach(async () => {
    await scene.begin();
    location = await databases.createMigrated();
    harness = await startProcess();
    await harness.get(Integrations).save(defaultIntegration);
    await installAccount(harness, scene);
    await control.forgetCalls();
  });

  const readAccount = (from: Harness = harness, accountId = ACCOUNT_ID) =>
    from.get(TokenService).withSession(accountId, (session: KommoSession) => from.get(KommoClient).getAccount(session));
  const tokenCalls = async () => (await control.calls(TOKEN_PATH)).length;
  const storedPair = () => harness.get(AccessStore).find(ACCOUNT_ID);
  const statusOf = async (accountId = ACCOUNT_ID) => (await harness.get(AccountStore).find(accountId))?.status;

  const foreignGrant = async () => {
    const { code = '' } = await scene.allowFromWidget(ACCOUNT_ID + 1);
    const { clientId, clientSecret, redirectUri } = defaultIntegration;
    return { host: `company${ACCOUNT_ID + 1}.kommo.com`, clientId, clientSecret: Secret.of(clientSecret), redirectUri, code };
  };

  it('are used without a refresh while they are valid', async () => {
    expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
    expect(await tokenCalls()).toBe(0);
  });

  it('are refreshed before use when they expire within a minute', async () => {
    harness.clock.advance(DAY_MS - 59_000);
    await readAccount();
    expect((await control.calls()).map(({ path }) => path)).toEqual([TOKEN_PATH, '/api/v4/account']);
  });

  it('R25: are refreshed once for twenty callers, and all use the new ones', async () => {
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/expire`);
    const names = await Promise.all(Array.from({ length: 20 }, async () => (await readAccount()).name));
    expect(new Set(names).size).toBe(1);
    expect(await tokenCalls()).toBe(1);
  });

  it('R25: are refreshed once for two processes', async () => {
    const other = await startProcess();
    await control.set({ 'kommo.token_delay_ms': 300 });
    for (const { clock } of [harness, other]) clock.advance(DAY_MS - 30_000);
    await Promise.all([harness, other, harness, other].map((process) => readAccount(process)));
    expect(await tokenCalls()).toBe(1);
  });

  it('are refreshed when the process that holds the lock has died', async () => {
    const accesses = harness.get(AccessStore);
    expect(await accesses.tryLockRefresh(ACCOUNT_ID, 'dead', 60_000)).toBe(true);
    harness.clock.advance(60_001);
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect(await storedPair()).toMatchObject({ version: 2, refreshOwner: null });
  });

  it('are asked for again later when the process that holds the lock has died: within seconds, with the time to wait', async () => {
    await harness.get(AccessStore).tryLockRefresh(ACCOUNT_ID, 'dead', 20_000);
    const startedMs = performance.now();
    await expect(harness.get(TokenService).refreshNow(ACCOUNT_ID)).rejects.toMatchObject({
      code: 'token_refresh_busy',
      retryAfterMs: 17_000,
    });
    expect(performance.now() - startedMs).toBeGreaterThan(2_900);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
    expect(await tokenCalls()).toBe(0);
  });

  it('are waited for while their refresh is running, and the lock lasts 20 s by the database’s clock', async () => {
    const other = await startProcess();
    await control.set({ 'kommo.token_delay_ms': 4_500 });
    const refreshed = harness.get(TokenService).refreshNow(ACCOUNT_ID);
    while ((await storedPair())?.refreshOwner === null) await new Promise((resolve) => setImmediate(resolve));
    const until = (await storedPair())?.refreshUntil ?? 0;
    expect(until - harness.clock.nowMs()).toBeLessThanOrEqual(20_000);
    await Promise.all([refreshed, other.get(TokenService).refreshNow(ACCOUNT_ID)]);
    expect(await tokenCalls()).toBe(1);
    expect(await storedPair()).toMatchObject({ version: 2, refreshOwner: null });
  });

  it('R74: are kept when the response names no lifetime: the token itself says when it expires', async () => {
    const kommo = harness.get(KommoClient);
    const refresh = kommo.refresh.bind(kommo);
    jest.spyOn(kommo, 'refresh').mockImplementationOnce(async (grant) => ({ ...(await refresh(grant)), expiresInSeconds: undefined }));
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect((await storedPair())?.expiresAt).toBe(Number((await storedClaims(harness, ACCOUNT_ID))['exp']) * 1000);
  });

  it('R26: are requested again with the old token when the response was lost', async () => {
    await control.fault({ target: 'kommo', kind: 'reset', match: TOKEN_PATH, times: 1, applied: 'after' });
    expect((await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('kommo_unavailable');
    expect(await statusOf()).toBe('active');
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
  });

  it('R26: need a new authorisation when the response was lost and the old token is invalid; no more calls are made', async () => {
    await control.set({ 'kommo.rotation': 'B' });
    await control.fault({ target: 'kommo', kind: 'reset', match: TOKEN_PATH, times: 1, applied: 'after' });
    await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID));
    await expect(harness.get(TokenService).refreshNow(ACCOUNT_ID)).rejects.toBeInstanceOf(AccountBlockedError);
    expect(await statusOf()).toBe('reauthorization_required');
    await control.forgetCalls();
    await expect(readAccount()).rejects.toBeInstanceOf(AccountBlockedError);
    expect(await control.calls()).toEqual([]);
  });

  it.each(['A', 'B'])('are refreshed several times in rotation mode %s', async (rotation) => {
    await control.set({ 'kommo.rotation': rotation });
    for (let round = 0; round < 4; round += 1) {
      await harness.get(TokenService).refreshNow(ACCOUNT_ID);
      await readAccount();
    }
    expect((await storedPair())?.version).toBe(5);
  });

  it.each(['500', '503', '429', '403html', 'reset', 'half_body', 'empty'])(
    'R27: stay as stored when the token endpoint responds with %s',
    async (fault) => {
      const before = await storedPair();
      await control.fault({ target: 'kommo', kind: fault, match: TOKEN_PATH, times: 1 });
      await expect(harness.get(TokenService).refreshNow(ACCOUNT_ID)).rejects.toBeInstanceOf(TransientError);
      expect(await storedPair()).toEqual(before);
      expect(await statusOf()).toBe('active');
      await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    },
  );

  it('R27: flag the account when Kommo refuses new ones, too; no loop of refreshes begins', async () => {
    await control.fault({ target: 'kommo', kind: '401', match: '/api/v4/account', times: 5 });
    expect((await failureOf(readAccount())).code).toBe('reauthorization_required');
    expect(await statusOf()).toBe('reauthorization_required');
    expect((await control.calls()).map(({ path }) => path)).toEqual(['/api/v4/account', TOKEN_PATH, '/api/v4/account']);
    await control.forgetCalls();
    expect((await failureOf(readAccount())).code).toBe('reauthorization_required');
    expect(await control.calls()).toEqual([]);
  });

  it('R27: flag the account when Kommo refuses them; it keeps its key, and no more calls are made', async () => {
    await saveKey(harness);
    const key = (await harness.get(AccountStore).find(ACCOUNT_ID))?.unisenderKey;
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/revoke`);
    await control.forgetCalls();
    expect((await failureOf(readAccount())).code).toBe('reauthorization_required');
    expect(await tokenCalls()).toBe(1);
    await control.forgetCalls();
    for (let attempt = 0; attempt < 3; attempt += 1) await failureOf(readAccount());
    expect(await control.calls()).toEqual([]);
    expect(await harness.get(AccountStore).find(ACCOUNT_ID)).toMatchObject({ status: 'reauthorization_required', unisenderKey: key });
  });

  it('stay valid after a refusal when a new pair has been stored', async () => {
    const other = await startProcess();
    const refusedAfterInstall = jest.spyOn(harness.get(KommoClient), 'refresh').mockImplementationOnce(async () => {
      await installAccount(other, scene);
      throw new KommoTokenRefusedError('Token has been revoked');
    });
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect(refusedAfterInstall).toHaveBeenCalledTimes(1);
    expect(await statusOf()).toBe('active');
    expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
  });

  it('are not stored after a refresh when a new authorisation has stored others', async () => {
    const other = await startProcess();
    const kommo = harness.get(KommoClient);
    const refresh = kommo.refresh.bind(kommo);
    jest.spyOn(kommo, 'refresh').mockImplementationOnce(async (request) => {
      const pair = await refresh(request);
      await installAccount(other, scene);
      return pair;
    });
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect((await storedPair())?.version).toBe(2);
    expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
  });

  it('make a flagged account active again when they arrive after a refusal to another process', async () => {
    await control.set({ 'kommo.rotation': 'B' });
    const other = await startProcess();
    const kommo = harness.get(KommoClient);
    const refresh = kommo.refresh.bind(kommo);
    jest.spyOn(kommo, 'refresh').mockImplementationOnce(async (request) => {
      const pair = await refresh(request);
      other.clock.advance(60_001);
      expect((await failureOf(other.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('reauthorization_required');
      return pair;
    });
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect(await statusOf()).toBe('active');
    expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
  });

  it('are never stored when they belong to another account', async () => {
    await scene.addAccount(ACCOUNT_ID + 1);
    await installAccount(harness, scene, ACCOUNT_ID + 1);
    const kommo = harness.get(KommoClient);
    const before = await storedPair();
    const foreign = await kommo.exchangeCode(await foreignGrant());
    jest.spyOn(kommo, 'refresh').mockResolvedValueOnce(foreign);
    expect((await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('kommo_foreign_tokens');
    expect(await storedPair()).toEqual(before);
  });

  it('R28: are renewed for the first and third account when the second one is revoked', async () => {
    const ids = [ACCOUNT_ID, ACCOUNT_ID + 1, ACCOUNT_ID + 2] as const;
    for (const accountId of ids.slice(1)) {
      await scene.addAccount(accountId);
      await installAccount(harness, scene, accountId);
    }
    await control.post(`/kommo/accounts/${ids[1]}/revoke`);
    const before = await Promise.all(ids.map((accountId) => storedClaims(harness, accountId)));
    const report = await harness.get(TokenRenewal).renew(ids);
    expect(report).toEqual({ renewed: [ids[0], ids[2]], failed: [{ accountId: ids[1], code: 'reauthorization_required' }] });
    const after = await Promise.all(ids.map((accountId) => storedClaims(harness, accountId)));
    expect(after.map(({ account_id }) => account_id)).toEqual(ids);
    expect(after.map(({ jti }, index) => jti !== before[index]?.['jti'])).toEqual([true, false, true]);
  });

  it('get a renewal job when they expire soon, unless the account must be authorised again', async () => {
    await scene.addAccount(ACCOUNT_ID + 1);
    await installAccount(harness, scene, ACCOUNT_ID + 1);
    const enqueueRenewals = async () => {
      const count = await harness.get(TokenRenewal).enqueueRenewals(6);
      return { count, jobs: harness.jobs.splice(0) };
    };
    harness.jobs.splice(0);
    expect(await enqueueRenewals()).toEqual({ count: 0, jobs: [] });
    harness.clock.advance(DAY_MS - 5 * 3_600_000);
    expect(await enqueueRenewals()).toEqual({
      count: 2,
      jobs: [
        { tube: 'accesses', payload: { account_ids: [ACCOUNT_ID, ACCOUNT_ID + 1], asked_at: expect.any(Number) as unknown as number } },
      ],
    });
    await harness.get(AccountStore).setStatus(ACCOUNT_ID, 'reauthorization_required');
    expect(await enqueueRenewals()).toEqual({
      count: 1,
      jobs: [{ tube: 'accesses', payload: { account_ids: [ACCOUNT_ID + 1], asked_at: expect.any(Number) as unknown as number } }],
    });
  });

  it.each([401, 404])('R30: work after a rename of the account (the old host responds with %s)', async (status) => {
    await control.set({ 'kommo.renamed_status': status });
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
    expect((await readAccount()).subdomain).toBe('renamed');
    expect(await harness.get(AccountStore).find(ACCOUNT_ID)).toMatchObject({
      host: 'renamed.kommo.com',
      subdomain: 'renamed',
      status: 'active',
    });
  });

  it('R30: are refreshed after a rename of the account', async () => {
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect((await harness.get(AccountStore).find(ACCOUNT_ID))?.host).toBe('renamed.kommo.com');
  });

  it('R30: are used with the new host when the old one rejects the call', async () => {
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
    const kommo = harness.get(KommoClient);
    const hosts: string[] = [];
    await harness.get(TokenService).withSession(ACCOUNT_ID, (session) => {
      hosts.push(session.host);
      return kommo.listContacts(session, { page: 1, limit: hosts.length === 1 ? 251 : 1 });
    });
    expect(hosts).toEqual([`company${ACCOUNT_ID}.kommo.com`, 'renamed.kommo.com']);
  });

  describe('when the old host of a renamed account redirects', () => {
    const OLD_HOST = `company${ACCOUNT_ID}.kommo.com`;
    const storedHost = async () => (await harness.get(AccountStore).find(ACCOUNT_ID))?.host;
    const calledHosts = async () => (await control.calls()).map(({ host }) => host);
    const redirectTo = async (host: string, match = OLD_HOST) =>
      control.fault({ target: 'kommo', kind: '301', match, location: `https://${host}/api/v4/account` });

    const rename = async () => {
      await control.set({ 'kommo.renamed_status': 301 });
      await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
      await control.forgetCalls();
    };

    it('R77: the call is repeated at the new host, which is stored', async () => {
      await rename();
      expect((await readAccount()).subdomain).toBe('renamed');
      expect(await harness.get(AccountStore).find(ACCOUNT_ID)).toMatchObject({ host: 'renamed.kommo.com', subdomain: 'renamed' });
      await readAccount();
      expect(await calledHosts()).toEqual([OLD_HOST, ...Array.from({ length: 3 }, () => 'renamed.kommo.com')]);
    });

    it('R77: calls that write take effect once', async () => {
      await rename();
      const webhook = { destination: 'https://sync.example.org/hook', settings: ['add_contact'] };
      const ensure = () =>
        harness.get(TokenService).withSession(ACCOUNT_ID, (session) => harness.get(KommoClient).ensureWebhook(session, webhook));
      expect(await ensure()).toBe('active');
      const { webhooks } = await control.get<{ webhooks: { destination: string }[] }>(`/kommo/accounts/${ACCOUNT_ID}`);
      expect(webhooks.filter(({ destination }) => destination === webhook.destination)).toHaveLength(1);
    });

    it('R77: expired tokens are refreshed at the new host', async () => {
      await rename();
      await harness.get(TokenService).refreshNow(ACCOUNT_ID);
      expect(await calledHosts()).toEqual([OLD_HOST, 'renamed.kommo.com']);
      harness.clock.advance(DAY_MS);
      expect((await readAccount()).subdomain).toBe('renamed');
      expect([await statusOf(), await storedHost()]).toEqual(['active', 'renamed.kommo.com']);
    });

    it('R77: a host outside the allow-list, or without this account, gets neither call nor host', async () => {
      await scene.addAccount(ACCOUNT_ID + 1);
      for (const host of ['evil.test', 'developers.kommo.com', `company${ACCOUNT_ID + 1}.kommo.com`, 'nowhere.kommo.com']) {
        await control.clearFaults();
        await redirectTo(host);
        expect((await failureOf(readAccount())).code).toMatch(/^kommo_(unavailable|redirected)$/);
        expect(await storedHost()).toBe(OLD_HOST);
      }
      expect(new Set(await calledHosts())).toEqual(new Set([OLD_HOST, `company${ACCOUNT_ID + 1}.kommo.com`, 'nowhere.kommo.com']));
      await control.clearFaults();
      expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
    });

    it('R77: a circle of redirects ends after one step, and the account continues when it is gone', async () => {
      await redirectTo('other.kommo.com');
      await redirectTo(OLD_HOST, 'other.kommo.com');
      expect((await failureOf(readAccount())).code).toBe('kommo_redirected');
      expect((await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('kommo_redirected');
      expect(await calledHosts()).toEqual([OLD_HOST, 'other.kommo.com', OLD_HOST, 'other.kommo.com']);
      expect([await statusOf(), await storedHost()]).toEqual(['active', OLD_HOST]);
      await control.clearFaults();
      expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
    });

    it('R77: a refresh that another host does not know flags nothing', async () => {
      await redirectTo('nowhere.kommo.com');
      expect((await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('kommo_redirected');
      expect(await statusOf()).toBe('active');
    });
  });
});
