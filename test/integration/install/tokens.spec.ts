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

  const whoAmI = (from: Harness = harness, accountId = ACCOUNT_ID) =>
    from.get(TokenService).withSession(accountId, (session: KommoSession) => from.get(KommoClient).getAccount(session));
  const tokenCalls = async () => (await control.calls(TOKEN_PATH)).length;
  const storedPair = () => harness.get(AccessStore).find(ACCOUNT_ID);
  const statusOf = async (accountId = ACCOUNT_ID) => (await harness.get(AccountStore).find(accountId))?.status;

  const foreignGrant = async () => {
    const { code = '' } = await scene.allowFromWidget(ACCOUNT_ID + 1);
    const { clientId, clientSecret, redirectUri } = defaultIntegration;
    return { host: `company${ACCOUNT_ID + 1}.kommo.com`, clientId, clientSecret: Secret.of(clientSecret), redirectUri, code };
  };

  it('uses a valid token without asking for another', async () => {
    expect((await whoAmI()).accountId).toBe(ACCOUNT_ID);
    expect(await tokenCalls()).toBe(0);
  });

  it('renews a token that expires within a minute before it is used', async () => {
    harness.clock.advance(DAY_MS - 59_000);
    await whoAmI();
    expect((await control.calls()).map(({ path }) => path)).toEqual([TOKEN_PATH, '/api/v4/account']);
  });

  it('R25: twenty callers with an expired token cost one refresh, and all go on with the new one', async () => {
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/expire`);
    const names = await Promise.all(Array.from({ length: 20 }, async () => (await whoAmI()).name));
    expect(new Set(names).size).toBe(1);
    expect(await tokenCalls()).toBe(1);
  });

  it('R25: two processes with an expired token cost one refresh', async () => {
    const other = await startProcess();
    await control.set({ 'kommo.token_delay_ms': 300 });
    for (const { clock } of [harness, other]) clock.advance(DAY_MS - 30_000);
    await Promise.all([harness, other, harness, other].map((process) => whoAmI(process)));
    expect(await tokenCalls()).toBe(1);
  });

  it('takes over the refresh of a process that died', async () => {
    const accesses = harness.get(AccessStore);
    const now = harness.clock.nowMs();
    expect(await accesses.tryLockRefresh(ACCOUNT_ID, 'dead', now + 60_000)).toBe(true);
    harness.clock.advance(60_001);
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect(await storedPair()).toMatchObject({ version: 2, refreshOwner: null });
  });

  it('R26: an answer that was lost before it was stored is asked for again with the old token', async () => {
    await control.fault({ target: 'kommo', kind: 'reset', match: TOKEN_PATH, times: 1, applied: 'after' });
    expect((await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('kommo_unavailable');
    expect(await statusOf()).toBe('active');
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect((await whoAmI()).accountId).toBe(ACCOUNT_ID);
  });

  it('R26: where old tokens die at once, a lost answer ends in one flag and no further calls', async () => {
    await control.set({ 'kommo.rotation': 'B' });
    await control.fault({ target: 'kommo', kind: 'reset', match: TOKEN_PATH, times: 1, applied: 'after' });
    await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID));
    await expect(harness.get(TokenService).refreshNow(ACCOUNT_ID)).rejects.toBeInstanceOf(AccountBlockedError);
    expect(await statusOf()).toBe('reauthorization_required');
    await control.forgetCalls();
    await expect(whoAmI()).rejects.toBeInstanceOf(AccountBlockedError);
    expect(await control.calls()).toEqual([]);
  });

  it.each(['A', 'B'])('renews again and again in rotation mode %s', async (rotation) => {
    await control.set({ 'kommo.rotation': rotation });
    for (let round = 0; round < 4; round += 1) {
      await harness.get(TokenService).refreshNow(ACCOUNT_ID);
      await whoAmI();
    }
    expect((await storedPair())?.version).toBe(5);
  });

  it.each(['500', '503', '429', '403html', 'reset', 'half_body', 'empty'])(
    'R27: %s from the token endpoint changes nothing stored',
    async (fault) => {
      const before = await storedPair();
      await control.fault({ target: 'kommo', kind: fault, match: TOKEN_PATH, times: 1 });
      await expect(harness.get(TokenService).refreshNow(ACCOUNT_ID)).rejects.toBeInstanceOf(TransientError);
      expect(await storedPair()).toEqual(before);
      expect(await statusOf()).toBe('active');
      await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    },
  );

  it('R27: a refused token flags the account, keeps its key and contacts, and no more calls go out', async () => {
    await saveKey(harness);
    const key = (await harness.get(AccountStore).find(ACCOUNT_ID))?.unisenderKey;
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/revoke`);
    await control.forgetCalls();
    expect((await failureOf(whoAmI())).code).toBe('reauthorization_required');
    expect(await tokenCalls()).toBe(1);
    await control.forgetCalls();
    for (let attempt = 0; attempt < 3; attempt += 1) await failureOf(whoAmI());
    expect(await control.calls()).toEqual([]);
    expect(await harness.get(AccountStore).find(ACCOUNT_ID)).toMatchObject({ status: 'reauthorization_required', unisenderKey: key });
  });

  it('believes a refusal only when no other pair was stored meanwhile', async () => {
    const other = await startProcess();
    const refusedAfterInstall = jest.spyOn(harness.get(KommoClient), 'refresh').mockImplementationOnce(async () => {
      await installAccount(other, scene);
      throw new KommoTokenRefusedError('Token has been revoked');
    });
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect(refusedAfterInstall).toHaveBeenCalledTimes(1);
    expect(await statusOf()).toBe('active');
    expect((await whoAmI()).accountId).toBe(ACCOUNT_ID);
  });

  it('gives up a refreshed pair that a new authorisation has outrun', async () => {
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
    expect((await whoAmI()).accountId).toBe(ACCOUNT_ID);
  });

  it('takes a flag back that was set while its holder stood still with the answer', async () => {
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
    expect((await whoAmI()).accountId).toBe(ACCOUNT_ID);
  });

  it('never stores the tokens of another account', async () => {
    await scene.addAccount(ACCOUNT_ID + 1);
    await installAccount(harness, scene, ACCOUNT_ID + 1);
    const kommo = harness.get(KommoClient);
    const before = await storedPair();
    const foreign = await kommo.exchangeCode(await foreignGrant());
    jest.spyOn(kommo, 'refresh').mockResolvedValueOnce(foreign);
    expect((await failureOf(harness.get(TokenService).refreshNow(ACCOUNT_ID))).code).toBe('kommo_foreign_tokens');
    expect(await storedPair()).toEqual(before);
  });

  it('R28: of accounts 1, 2, 3 with 2 revoked, 1 and 3 are renewed', async () => {
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

  it('puts renewals of the accounts that expire soon, and none for those that need a human', async () => {
    await scene.addAccount(ACCOUNT_ID + 1);
    await installAccount(harness, scene, ACCOUNT_ID + 1);
    const queueRenewals = async () => {
      const count = await harness.get(TokenRenewal).enqueueRenewals(6);
      return { count, jobs: harness.jobs.splice(0) };
    };
    harness.jobs.splice(0);
    expect(await queueRenewals()).toEqual({ count: 0, jobs: [] });
    harness.clock.advance(DAY_MS - 5 * 3_600_000);
    expect(await queueRenewals()).toEqual({
      count: 2,
      jobs: [
        { tube: 'accesses', payload: { account_ids: [ACCOUNT_ID, ACCOUNT_ID + 1], asked_at: expect.any(Number) as unknown as number } },
      ],
    });
    await harness.get(AccountStore).setStatus(ACCOUNT_ID, 'reauthorization_required');
    expect(await queueRenewals()).toEqual({
      count: 1,
      jobs: [{ tube: 'accesses', payload: { account_ids: [ACCOUNT_ID + 1], asked_at: expect.any(Number) as unknown as number } }],
    });
  });

  it.each([401, 404])('R30: an account that was renamed is followed (the old host answers %s)', async (status) => {
    await control.set({ 'kommo.renamed_status': status });
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
    expect((await whoAmI()).subdomain).toBe('renamed');
    expect(await harness.get(AccountStore).find(ACCOUNT_ID)).toMatchObject({
      host: 'renamed.kommo.com',
      subdomain: 'renamed',
      status: 'active',
    });
  });

  it('R30: a renamed account is followed by the renewal too', async () => {
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
    await harness.get(TokenService).refreshNow(ACCOUNT_ID);
    expect((await harness.get(AccountStore).find(ACCOUNT_ID))?.host).toBe('renamed.kommo.com');
  });

  it('R30: a host that rejects the call is looked up before the failure is believed', async () => {
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
    const kommo = harness.get(KommoClient);
    const hosts: string[] = [];
    await harness.get(TokenService).withSession(ACCOUNT_ID, (session) => {
      hosts.push(session.host);
      return kommo.listContacts(session, { page: 1, limit: hosts.length === 1 ? 251 : 1 });
    });
    expect(hosts).toEqual([`company${ACCOUNT_ID}.kommo.com`, 'renamed.kommo.com']);
  });
});
