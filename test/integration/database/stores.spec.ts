import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  AccessStore,
  AccountStore,
  AuthStateStore,
  FailureStore,
  IntegrationStore,
  LeaseStore,
  PauseStore,
  WebhookTokenStore,
} from '#database';
import type { Database } from '#database';
import { defaultAccountSettings } from '#domain';
import { settableClock } from '../../support/settable-clock.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const NOW = 1_790_000_000_000;
const MINUTE = 60_000;
const account = { kind: 'account', id: '1' } as const;

const clock = settableClock(NOW);

const createStores = (database: Database) => ({
  integrations: new IntegrationStore(database, clock),
  accounts: new AccountStore(database, clock),
  leases: new LeaseStore(database),
  accesses: new AccessStore(database, clock),
  authStates: new AuthStateStore(database, clock),
  failures: new FailureStore(database),
  webhookTokens: new WebhookTokenStore(database, clock),
});

const pending = (accountId: number) => ({
  accountId,
  clientId: 'client',
});

const installed = (accountId: number) => ({
  ...pending(accountId),
  name: 'Élan 😀',
  subdomain: 'elan',
  host: 'elan.kommo.com',
  apiDomain: null,
  accessScope: null,
});

describe.each(testDatabaseKinds())('stores on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let database: Database;
  let stores: ReturnType<typeof createStores>;
  let pauses: PauseStore;

  beforeEach(async () => {
    clock.set(NOW);
    database = await databases.open({ databaseNowMs: () => clock.nowMs() });
    pauses = new PauseStore(database);
    stores = createStores(database);
    await stores.integrations.save({ clientId: 'client', clientSecret: 'sealed', redirectUri: 'https://us/auth', domain: null });
  });

  describe('integrations', () => {
    it('are replaced by their client id', async () => {
      await stores.integrations.save({ clientId: 'client', clientSecret: 'other', redirectUri: 'https://us/2', domain: 'kommo.com' });
      await stores.integrations.save({ clientId: 'second', clientSecret: 's', redirectUri: 'https://us/auth', domain: null });
      expect(await stores.integrations.find('client')).toMatchObject({
        clientSecret: 'other',
        redirectUri: 'https://us/2',
        domain: 'kommo.com',
      });
      expect(await stores.integrations.find('CLIENT')).toBeUndefined();
      expect((await stores.integrations.list()).map(({ clientId }) => clientId)).toEqual(['client', 'second']);
      expect(await stores.integrations.count()).toBe(2);
    });
  });

  describe('accounts', () => {
    it('wait for their authorisation, then become active', async () => {
      await stores.accounts.savePending(pending(1));
      expect(await stores.accounts.find(1)).toMatchObject({
        status: 'pending_authorization',
        name: '',
        listId: null,
        baselineState: 'none',
      });
      await stores.accounts.install(installed(1));
      expect(await stores.accounts.find(1)).toMatchObject({ status: 'active', name: 'Élan 😀', host: 'elan.kommo.com' });
    });

    it('keep their key, list, settings and token when they are installed again', async () => {
      const settings = { ...defaultAccountSettings, writeBack: false, includeTags: ['client'] };
      await stores.accounts.install(installed(1));
      await stores.accounts.update(1, {
        unisenderKey: 'key',
        listId: 7,
        listTitle: 'List',
        settings,
        baselineState: 'done',
      });
      await stores.accounts.setStatus(1, 'disconnected');
      await pauses.add(account, { code: 'kommo_payment_required', untilMs: NOW + 1 });
      await stores.accounts.install({ ...installed(1), name: 'Renamed' });
      expect(await stores.accounts.find(1)).toMatchObject({
        status: 'active',
        name: 'Renamed',
        unisenderKey: 'key',
        listId: 7,
        listTitle: 'List',
        settings,
        baselineState: 'done',
        pausedUntil: 0,
        pauseCode: null,
        disconnectedAt: null,
      });
    });

    it('are not installed when the transaction fails', async () => {
      const attempt = database.transaction(async () => {
        await stores.accounts.install(installed(1));
        await stores.accesses.save(1, { accessToken: 'a', refreshToken: 'r' }, NOW);
        throw new Error('no');
      });
      await expect(attempt).rejects.toThrow('no');
      expect(await stores.accounts.find(1)).toBeUndefined();
    });

    it('are found by the hash of a webhook token, byte by byte', async () => {
      await stores.accounts.install(installed(2));
      await stores.webhookTokens.add({ tokenHash: 'hash-2', accountId: 2, vendor: 'kommo', token: 'sealed-2' });
      expect((await stores.webhookTokens.findByHash('hash-2'))?.accountId).toBe(2);
      expect(await stores.webhookTokens.findByHash('HASH-2')).toBeUndefined();
    });

    it('are listed page by page', async () => {
      for (const id of [3, 1, 2]) {
        await stores.accounts.install(installed(id));
      }
      await stores.accounts.setStatus(2, 'suspended');
      const ids = async (filter: Parameters<AccountStore['list']>[0]) =>
        (await stores.accounts.list(filter)).map(({ accountId }) => accountId);
      expect(await ids({ limit: 2 })).toEqual([1, 2]);
      expect(await ids({ limit: 2, after: 2 })).toEqual([3]);
      expect(await ids({ limit: 9, integrationId: 'client', status: 'active' })).toEqual([1, 3]);
      expect(await ids({ limit: 9, integrationId: 'other' })).toEqual([]);
    });

    it('change only what a patch names', async () => {
      await stores.accounts.install(installed(1));
      expect(await stores.accounts.update(1, { webhookState: 'active', lastEventAt: NOW })).toBe(true);
      expect(await stores.accounts.update(1, { unisenderBlock: 'refused' })).toBe(true);
      expect(await stores.accounts.update(1, {})).toBe(true);
      expect(await stores.accounts.update(1, { unisenderBlock: null })).toBe(true);
      expect(await stores.accounts.find(1)).toMatchObject({
        webhookState: 'active',
        lastEventAt: NOW,
        unisenderBlock: null,
        name: 'Élan 😀',
      });
      expect(await stores.accounts.update(99, { name: 'unknown' })).toBe(false);
    });

    it('change their status only where that is allowed', async () => {
      await stores.accounts.savePending(pending(1));
      expect(await stores.accounts.setStatus(1, 'reauthorization_required')).toBe(false);
      expect(await stores.accounts.setStatus(1, 'active')).toBe(true);
      expect(await stores.accounts.setStatus(1, 'active')).toBe(true);
      expect(await stores.accounts.setStatus(1, 'disconnected')).toBe(true);
      expect((await stores.accounts.find(1))?.disconnectedAt).not.toBeNull();
      expect(await stores.accounts.setStatus(1, 'reauthorization_required')).toBe(false);
    });

    it('are locked only inside a transaction', async () => {
      await stores.accounts.install(installed(1));
      await expect(stores.accounts.lockRow(1)).rejects.toMatchObject({ code: 'database_transaction_missing' });
      await database.transaction(() => stores.accounts.lockRow(1));
      await database.transaction(() => stores.accounts.lockRow(99));
    });

    it('are paused for the longest requested time', async () => {
      await stores.accounts.install(installed(1));
      await pauses.add(account, { code: 'kommo_payment_required', untilMs: NOW + 300 });
      await pauses.add(account, { code: 'kommo_forbidden', untilMs: NOW + 100 });
      expect(await stores.accounts.find(1)).toMatchObject({ pausedUntil: NOW + 300, pauseCode: 'kommo_payment_required' });
      await pauses.lift(account);
      expect(await stores.accounts.find(1)).toMatchObject({ pausedUntil: 0, pauseCode: null });
    });
  });

  describe('leases', () => {
    beforeEach(() => stores.accounts.install(installed(1)));

    it('are held by one of many concurrent callers', async () => {
      const fences = await Promise.all(Array.from({ length: 20 }, (_, n) => stores.leases.acquire(1, `worker-${n}`, MINUTE)));
      expect(fences.filter((fence) => fence !== undefined)).toEqual([1]);
    });

    it('pass to another worker when they expire, with a higher fence', async () => {
      const first = (await stores.leases.acquire(1, 'one', MINUTE)) ?? 0;
      clock.set(NOW + MINUTE - 1);
      expect(await stores.leases.acquire(1, 'two', MINUTE)).toBeUndefined();
      clock.set(NOW + MINUTE);
      const second = (await stores.leases.acquire(1, 'two', MINUTE)) ?? 0;
      expect(second).toBeGreaterThan(first);
      expect(await stores.leases.renew(1, first, MINUTE)).toBe(false);
      await stores.leases.release(1, first);
      expect(await stores.leases.renew(1, second, MINUTE)).toBe(true);
    });

    it('let only the holder write', async () => {
      const first = (await stores.leases.acquire(1, 'one', MINUTE)) ?? 0;
      await database.transaction(() => stores.leases.assertFence(1, first));
      clock.set(NOW + MINUTE);
      await stores.leases.acquire(1, 'two', MINUTE);
      const write = database.transaction(() => stores.leases.assertFence(1, first));
      await expect(write).rejects.toMatchObject({ kind: 'transient', code: 'lease_lost' });
    });

    it('end when they are released', async () => {
      const fence = (await stores.leases.acquire(1, 'one', MINUTE)) ?? 0;
      await stores.leases.release(1, fence);
      const write = database.transaction(() => stores.leases.assertFence(1, fence));
      await expect(write).rejects.toMatchObject({ code: 'lease_lost' });
      expect(await stores.leases.acquire(1, 'two', MINUTE)).toBe(fence + 1);
    });

    it('do not exist for an unknown account', async () => {
      expect(await stores.leases.acquire(99, 'one', MINUTE)).toBeUndefined();
    });
  });

  describe('accesses', () => {
    const pair = (name: string) => ({ accessToken: `access-${name}`, refreshToken: `refresh-${name}` });

    beforeEach(async () => {
      await stores.accounts.install(installed(1));
      await stores.accesses.save(1, pair('1'), NOW);
    });

    it('are locked for refresh by one of many concurrent callers', async () => {
      const locked = await Promise.all(Array.from({ length: 20 }, (_, n) => stores.accesses.tryLockRefresh(1, `worker-${n}`, MINUTE)));
      expect(locked.filter(Boolean)).toHaveLength(1);
    });

    it('store the successor of a refreshed pair once', async () => {
      expect(await stores.accesses.tryLockRefresh(1, 'one', MINUTE)).toBe(true);
      expect(await stores.accesses.storeRefreshed(1, 'one', 1, pair('2'), NOW + 9)).toBe(true);
      expect(await stores.accesses.storeRefreshed(1, 'two', 1, pair('3'), NOW + 9)).toBe(false);
      expect(await stores.accesses.find(1)).toMatchObject({
        ...pair('2'),
        expiresAt: NOW + 9,
        version: 2,
        refreshOwner: null,
        refreshUntil: 0,
      });
    });

    it('store a late pair and keep the lock of the next owner', async () => {
      await stores.accesses.tryLockRefresh(1, 'late', MINUTE);
      clock.set(NOW + MINUTE);
      expect(await stores.accesses.tryLockRefresh(1, 'next', MINUTE)).toBe(true);
      expect(await stores.accesses.storeRefreshed(1, 'late', 1, pair('2'), NOW)).toBe(true);
      expect(await stores.accesses.find(1)).toMatchObject({ version: 2, refreshOwner: 'next' });
      await stores.accesses.unlockRefresh(1, 'late');
      expect((await stores.accesses.find(1))?.refreshOwner).toBe('next');
      await stores.accesses.unlockRefresh(1, 'next');
      expect((await stores.accesses.find(1))?.refreshOwner).toBeNull();
    });

    it('stay those of a new authorisation when an older refresh ends later', async () => {
      await stores.accesses.tryLockRefresh(1, 'one', MINUTE);
      await stores.accesses.save(1, pair('new'), NOW + 5);
      expect(await stores.accesses.storeRefreshed(1, 'one', 1, pair('2'), NOW)).toBe(false);
      expect(await stores.accesses.find(1)).toMatchObject({ ...pair('new'), version: 2, refreshOwner: null });
    });

    it('are listed before they expire, unless a human must authorise the account first', async () => {
      for (const id of [2, 3, 4]) {
        await stores.accounts.install(installed(id));
        await stores.accesses.save(id, pair(String(id)), NOW + id);
      }
      await stores.accounts.setStatus(3, 'reauthorization_required');
      expect(await stores.accesses.listExpiringBefore(NOW + 4, 0, 10)).toEqual([1, 2]);
      expect(await stores.accesses.listExpiringBefore(NOW + 5, 1, 1)).toEqual([2]);
      expect(await stores.accesses.listExpiringBefore(NOW + 5, 2, 1)).toEqual([4]);
    });

    it('can be removed by the version of the pair', async () => {
      const version = (await stores.accesses.find(1))?.version ?? 0;
      await stores.accesses.remove(1, version - 1);
      expect(await stores.accesses.find(1)).toBeDefined();
      await stores.accesses.remove(1, version);
      expect(await stores.accesses.find(1)).toBeUndefined();
    });
  });

  describe('auth states', () => {
    it('are consumed exactly once', async () => {
      const consumed = await Promise.all(Array.from({ length: 10 }, () => stores.authStates.consume('nonce', NOW + 1)));
      expect(consumed.filter(Boolean)).toHaveLength(1);
    });

    it('expire', async () => {
      expect(await stores.authStates.consume('old', NOW)).toBe(false);
      expect(await stores.authStates.consume('new', NOW + 1)).toBe(true);
      expect(await stores.authStates.purge()).toBe(0);
      clock.set(NOW + 1);
      expect(await stores.authStates.purge()).toBe(1);
      expect(await stores.authStates.consume('new', NOW + 1)).toBe(false);
    });
  });

  describe('failures', () => {
    it('are listed newest first, of one account or all', async () => {
      const failure = {
        accountId: 1,
        tube: 'contacts',
        server: 'q:11300',
        jobId: 5,
        payload: '{}',
        code: 'bug',
        reason: 'x'.repeat(2000),
        failedAt: NOW,
      };
      await stores.failures.add(failure);
      const newest = await stores.failures.add({ ...failure, accountId: null, failedAt: NOW + 1 });
      expect((await stores.failures.list({ limit: 9 })).map(({ failedAt }) => failedAt)).toEqual([NOW + 1, NOW]);
      expect((await stores.failures.list({ limit: 1 }))[0]?.failureId).toBe(newest);
      const [own, ...more] = await stores.failures.list({ accountId: 1, limit: 9 });
      expect(more).toEqual([]);
      expect(own).toMatchObject({ accountId: 1, jobId: 5, reason: 'x'.repeat(1000) });
    });
  });
});
