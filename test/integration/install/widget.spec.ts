import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore, LeaseStore } from '#database';
import { AccountBlockedError, Secret } from '#domain';
import { Integrations, RunService, VendorWebhooks, WebhookWatchdog, WidgetAuthority, WidgetSettings, WidgetStatuses } from '#sync';
import { UnisenderClient } from '#unisender';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { type Harness, createHarness } from '../../support/sync-harness.js';
import { accountForOperator } from '../../support/operator-account.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import {
  ACCOUNT_ID,
  CLIENT_SECRET,
  InstallScene,
  REDIRECT_URI,
  UNISENDER_KEY,
  defaultIntegration,
  failureOf,
  installAccount,
  saveKey,
} from './install-scene.js';

interface Webhook {
  readonly destination: string;
  readonly disabled: boolean;
  readonly settings: readonly string[];
}

const OTHER_KEY = 'another-unisender-key-0123456789abcdef';
const OTHER_INTEGRATION = { clientId: 'c1d2e3f4-0000-4000-8000-000000000002', clientSecret: 'other-secret', redirectUri: REDIRECT_URI };
const WEBHOOK = /^https:\/\/sync\.example\.org\/webhook\/[\w-]{43}$/;

describe.each(testDatabaseKinds())('the widget on %s', (kind) => {
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
    await installAccount(harness, scene);
    await control.forgetCalls();
  });

  const findAccount = () => harness.get(AccountStore).find(ACCOUNT_ID);
  const webhooks = async () => (await control.get<{ webhooks: Webhook[] }>(`/kommo/accounts/${ACCOUNT_ID}`)).webhooks;
  const endRun = async () => {
    const [run] = await harness.get(RunService).list(ACCOUNT_ID, 1);
    await harness.get(RunService).cancel(run?.run_id ?? '');
  };

  describe('saving the key', () => {
    it('R19: creates the webhooks of Kommo and Unisender, and starts the import', async () => {
      const { run } = await saveKey(harness);
      expect(await webhooks()).toEqual([
        expect.objectContaining({
          destination: expect.stringMatching(WEBHOOK),
          disabled: false,
          settings: ['add_contact', 'update_contact', 'delete_contact', 'restore_contact'],
        }),
      ]);
      expect((await control.calls('/setHook')).map(({ status }) => status)).toEqual([200]);
      expect(run).toMatchObject({ account_id: ACCOUNT_ID, mode: 'import', trigger: 'widget', state: 'queued' });
      expect(harness.jobs).toContainEqual({ tube: 'imports', payload: { run_id: run.run_id, account_id: ACCOUNT_ID } });
      expect((await findAccount())?.webhookState).toBe('active');
    });

    it('R19: twice keeps one webhook and the active run', async () => {
      const first = await saveKey(harness);
      const second = await saveKey(harness);
      expect(await webhooks()).toHaveLength(1);
      expect(second.run.run_id).toBe(first.run.run_id);
    });

    it('R29: refreshes an expired access token', async () => {
      await control.post(`/kommo/accounts/${ACCOUNT_ID}/expire`);
      await saveKey(harness);
      expect(await webhooks()).toHaveLength(1);
      expect(await control.calls('/oauth2/access_token')).toHaveLength(1);
    });

    it('fails for a key that Unisender refuses, and keeps the old key', async () => {
      await saveKey(harness);
      const before = await findAccount();
      expect(await failureOf(saveKey(harness, ACCOUNT_ID, 'wrong-key'))).toMatchObject({
        code: 'unisender_key_refused',
        fields: ['unisender_key'],
      });
      expect(await findAccount()).toEqual(before);
    });

    it.each(['', 'with space', 'кириллица', 'x'.repeat(256)])('fails for the key %j without a call to Unisender', async (key) => {
      expect((await failureOf(saveKey(harness, ACCOUNT_ID, key))).fields).toEqual(['unisender_key']);
      expect(await control.calls()).toEqual([]);
    });

    it('changes nothing while Unisender is unavailable', async () => {
      const before = await findAccount();
      await control.fault({ target: 'unisender', kind: '503' });
      expect((await failureOf(saveKey(harness))).code).toBe('unisender_unavailable');
      expect(await findAccount()).toEqual(before);
      expect(await harness.get(RunService).list(ACCOUNT_ID)).toEqual([]);
    });

    it('names every bad setting and changes nothing', async () => {
      const before = await findAccount();
      const input = {
        account: accountForOperator(ACCOUNT_ID),
        unisenderKey: Secret.of(UNISENDER_KEY),
        settings: { delete_policy: 'burn', unknown: 1 },
      };
      const failure = await failureOf(harness.get(WidgetSettings).saveKey(input));
      expect(failure.fields).toEqual(['settings.delete_policy', 'settings.unknown']);
      expect(await findAccount()).toEqual(before);
    });

    it('R19: succeeds when a webhook cannot be created now', async () => {
      await control.fault({ target: 'kommo', kind: '503', match: '/api/v4/webhooks' });
      const { run } = await saveKey(harness);
      expect(run.state).toBe('queued');
      expect(await findAccount()).toMatchObject({ webhookState: 'missing', unisenderKey: expect.any(String) });
      expect(await control.calls('/setHook')).toHaveLength(1);
    });

    it('cancels the active run and starts a new one when the settings change', async () => {
      const first = await saveKey(harness);
      const settings = { include_tags: ['client'] };
      const input = { account: accountForOperator(ACCOUNT_ID), unisenderKey: Secret.of(UNISENDER_KEY), settings };
      const second = await harness.get(WidgetSettings).saveKey(input);
      expect(second.run.run_id).not.toBe(first.run.run_id);
      expect((await harness.get(RunService).get(first.run.run_id)).state).toBe('cancelled');
      expect((await findAccount())?.settings).toMatchObject({ includeTags: ['client'] });
    });

    it('resets list and baseline when the new key belongs to another Unisender account', async () => {
      await saveKey(harness);
      await harness.get(AccountStore).update(ACCOUNT_ID, { baselineState: 'done', listId: 77, listTitle: 'Kommo' });
      await control.post('/unisender/accounts', { api_key: OTHER_KEY, login: 'other@example.org' });
      await saveKey(harness, ACCOUNT_ID, OTHER_KEY);
      expect(await findAccount()).toMatchObject({ baselineState: 'none', listId: null, listTitle: null });
    });

    it('keeps the list when the new key belongs to the same Unisender account', async () => {
      await control.post('/unisender/accounts', { api_key: OTHER_KEY, login: 'other@example.org' });
      const list = await control.post<{ id: number }>(`/unisender/accounts/${OTHER_KEY}/lists`, { title: 'Kommo' });
      await saveKey(harness);
      await harness.get(AccountStore).update(ACCOUNT_ID, { baselineState: 'done', listId: list.id, listTitle: 'Kommo' });
      await saveKey(harness, ACCOUNT_ID, OTHER_KEY);
      expect(await findAccount()).toMatchObject({ baselineState: 'none', listId: list.id, listTitle: 'Kommo' });
    });

    it('ends the lease of a worker that has the old key', async () => {
      await saveKey(harness);
      const leases = harness.get(LeaseStore);
      const fence = (await leases.acquire(ACCOUNT_ID, 'worker', 60_000)) ?? 0;
      await control.post('/unisender/accounts', { api_key: OTHER_KEY, login: 'other@example.org' });
      await saveKey(harness, ACCOUNT_ID, OTHER_KEY);
      expect(await leases.renew(ACCOUNT_ID, fence, 90_000)).toBe(false);
    });

    it('fails for an account that is not authorised', async () => {
      await harness.get(AccountStore).setStatus(ACCOUNT_ID, 'reauthorization_required');
      expect((await failureOf(saveKey(harness))).code).toBe('reauthorization_required');
      expect((await failureOf(saveKey(harness, 999))).code).toBe('account_unknown');
      expect(await control.calls()).toEqual([]);
    });
  });

  describe('the watchdog', () => {
    beforeEach(async () => {
      await saveKey(harness);
      await endRun();
    });

    const check = () => harness.get(WebhookWatchdog).check(ACCOUNT_ID);

    it('R19: changes nothing while the webhook is active', async () => {
      expect(await check()).toEqual({ found: 'active', isReconciling: false });
    });

    it.each([
      ['disabled', 'POST', '/webhooks/disable'],
      ['missing', 'DELETE', '/webhooks'],
    ])('R19: repairs a %s webhook and starts a reconciliation', async (found, method, path) => {
      await control.send(method, `/kommo/accounts/${ACCOUNT_ID}${path}`);
      expect(await check()).toEqual({ found, isReconciling: true });
      expect(await webhooks()).toEqual([expect.objectContaining({ disabled: false })]);
      expect((await harness.get(RunService).list(ACCOUNT_ID, 1))[0]).toMatchObject({
        mode: 'reconcile',
        trigger: 'watchdog',
        state: 'queued',
      });
      expect((await findAccount())?.webhookState).toBe('active');
    });

    it('R19: starts the reconciliation later when another run is active', async () => {
      await control.send('DELETE', `/kommo/accounts/${ACCOUNT_ID}/webhooks`);
      await harness.get(RunService).start({ accountId: ACCOUNT_ID, mode: 'import', trigger: 'operator' });
      expect(await check()).toEqual({ found: 'missing', isReconciling: false });
      expect(await webhooks()).toHaveLength(1);
      await endRun();
      expect(await check()).toEqual({ found: 'active', isReconciling: true });
      await endRun();
      expect(await check()).toEqual({ found: 'active', isReconciling: false });
    });

    it('R19: shows the webhook as unavailable while Kommo refuses it and responds to reads', async () => {
      await control.send('DELETE', `/kommo/accounts/${ACCOUNT_ID}/webhooks`);
      await control.fault({ target: 'kommo', kind: '403html', match: 'POST' });
      expect(await check()).toEqual({ found: 'unavailable', isReconciling: false });
      expect((await findAccount())?.webhookState).toBe('unavailable');
      await harness.get(VendorWebhooks).ensure(ACCOUNT_ID);
      await control.clearFaults();
      expect(await check()).toEqual({ found: 'missing', isReconciling: true });
    });
  });

  describe('the watchdog of the webhook in Unisender', () => {
    beforeEach(async () => {
      await saveKey(harness);
      await endRun();
    });

    const check = () => harness.get(WebhookWatchdog).check(ACCOUNT_ID);
    const hooks = () => harness.get(UnisenderClient).listHooks(Secret.of(UNISENDER_KEY));
    const state = async () => (await findAccount())?.unisenderWebhookState;

    const stop = async () => {
      const [hook] = await hooks();
      const form = { api_key: UNISENDER_KEY, hook_url: hook?.url ?? '', 'events[unsubscribe]': '*', status: 'stopped' };
      await fetch(`${sandbox.url}/ru/api/setHook`, { method: 'POST', body: new URLSearchParams(form) });
    };

    it('R19: only reads the state of an active one', async () => {
      expect(await state()).toBe('active');
      await control.forgetCalls();
      expect(await check()).toEqual({ found: 'active', isReconciling: false });
      expect([(await control.calls('/listHooks')).length, (await control.calls('/setHook')).length]).toEqual([1, 0]);
    });

    it.each([
      ['stopped', stop],
      ['missing', async () => harness.get(UnisenderClient).removeHook(Secret.of(UNISENDER_KEY), (await hooks())[0]?.url ?? '')],
    ])('R19: sets a %s one again and starts a reconciliation, also after a crash or an active run', async (found, lose) => {
      await lose();
      await harness.get(RunService).start({ accountId: ACCOUNT_ID, mode: 'import', trigger: 'operator' });
      expect(await check()).toEqual({ found: 'active', isReconciling: false });
      expect(await state()).toBe(found);
      expect(await hooks()).toMatchObject([{ status: 'active' }]);
      await endRun();
      expect(await check()).toEqual({ found: 'active', isReconciling: true });
      expect(await state()).toBe('active');
      await endRun();
      expect(await check()).toEqual({ found: 'active', isReconciling: false });
    });
  });

  describe('the webhooks of a disconnected account', () => {
    beforeEach(async () => {
      await saveKey(harness);
      await endRun();
    });

    const disconnect = () => harness.get(AccountStore).setStatus(ACCOUNT_ID, 'disconnected');

    it('are both deleted', async () => {
      await disconnect();
      await harness.get(VendorWebhooks).remove(ACCOUNT_ID);
      expect(await webhooks()).toEqual([]);
      expect(await control.calls('/removeHook')).toHaveLength(1);
      expect((await findAccount())?.webhookState).toBeNull();
    });

    it('are deleted at Unisender also when the access to Kommo has ended', async () => {
      await control.post(`/kommo/accounts/${ACCOUNT_ID}/revoke`);
      await disconnect();
      await harness.get(VendorWebhooks).remove(ACCOUNT_ID);
      expect(await control.calls('/removeHook')).toHaveLength(1);
      await expect(harness.get(VendorWebhooks).ensure(ACCOUNT_ID)).rejects.toBeInstanceOf(AccountBlockedError);
    });
  });

  describe('the status', () => {
    it('shows an unknown account as not authorised', async () => {
      expect(await harness.get(WidgetStatuses).read(accountForOperator(999))).toMatchObject({
        account_id: 999,
        connected: false,
        status: 'pending_authorization',
      });
    });

    it('shows connection, masked key, settings and the last run', async () => {
      await saveKey(harness);
      const status = await harness.get(WidgetStatuses).read(accountForOperator(ACCOUNT_ID));
      expect(status).toMatchObject({ connected: true, name: `Company ${ACCOUNT_ID}`, webhook: 'active', last_run: { state: 'queued' } });
      expect(status.settings).toMatchObject({ delete_policy: 'delete', write_back: true });
      expect(JSON.stringify(status)).not.toContain(UNISENDER_KEY);
    });
  });

  describe('the disposable token', () => {
    const authorize = (token: string) => harness.get(WidgetAuthority).authorize(token);
    const sign = (header: object, claims: object, secret: string, hash = 'sha256') => {
      const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
      const signed = `${encode(header)}.${encode(claims)}`;
      return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
    };
    const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;

    it('names the account and the user', async () => {
      expect(await authorize(await scene.disposableToken(ACCOUNT_ID))).toMatchObject({ accountId: ACCOUNT_ID, isAdmin: true });
    });

    it('R44: is refused with a wrong signature or another algorithm, and when it has expired', async () => {
      const token = await scene.disposableToken(ACCOUNT_ID);
      const claims = claimsOf(token);
      const HS256 = { typ: 'JWT', alg: 'HS256' };
      const refused = [
        sign(HS256, claims, 'guessed-secret'),
        sign({ typ: 'JWT', alg: 'HS512' }, claims, CLIENT_SECRET, 'sha512'),
        `${token.split('.').slice(0, 2).join('.')}.`,
        sign({ typ: 'JWT', alg: 'none' }, claims, CLIENT_SECRET),
        sign(HS256, { ...claims, exp: 1_000, nbf: 1 }, CLIENT_SECRET),
        sign(HS256, { ...claims, client_uuid: 'unknown' }, CLIENT_SECRET),
        sign(HS256, { ...claims, aud: 'https://evil.test' }, CLIENT_SECRET),
        'nonsense',
        '',
      ];
      for (const bad of refused) expect((await failureOf(authorize(bad))).code).toBe('widget_token_refused');
      expect(await authorize(sign(HS256, claims, CLIENT_SECRET))).toMatchObject({ accountId: ACCOUNT_ID });
    });

    it('S23: is refused when its issuer is another account', async () => {
      const claims = claimsOf(await scene.disposableToken(ACCOUNT_ID));
      const issuedBy = (subdomain: string) =>
        sign({ typ: 'JWT', alg: 'HS256' }, { ...claims, subdomain, iss: `https://${subdomain}.kommo.com` }, CLIENT_SECRET);
      expect((await failureOf(authorize(issuedBy('elsewhere')))).code).toBe('widget_token_refused');
      expect(await authorize(issuedBy(`company${ACCOUNT_ID}`))).toMatchObject({ accountId: ACCOUNT_ID });
    });

    it('S23: is accepted from the new host of a renamed account', async () => {
      await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
      expect(await authorize(await scene.disposableToken(ACCOUNT_ID))).toMatchObject({ accountId: ACCOUNT_ID });
      expect(await findAccount()).toMatchObject({ host: 'renamed.kommo.com' });
    });

    it('R44: is refused when it belongs to another integration than the account', async () => {
      await scene.addIntegration(OTHER_INTEGRATION);
      await harness.get(Integrations).save(OTHER_INTEGRATION);
      const token = await scene.disposableToken(ACCOUNT_ID, OTHER_INTEGRATION.clientId);
      expect((await failureOf(authorize(token))).code).toBe('widget_token_refused');
    });
  });
});
