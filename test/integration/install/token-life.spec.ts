import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessStore, AccountStore, AlertStore, PauseStore } from '#database';
import { parseJobPayload } from '#domain';
import { KommoClient } from '#kommo';
import { AccountQueries, AllAccounts, Integrations, KommoInbox, Sweep, TokenRenewal, TokenService, WidgetStatuses } from '#sync';
import { type Sandbox, startSandbox } from '../../../apps/sandbox/src/sandbox.js';
import { accountForOperator } from '../../support/operator-account.js';
import { SandboxControl } from '../../support/sandbox-control.js';
import { createHarness, type Harness, ShiftedClock } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { ACCOUNT_ID, defaultIntegration, failureOf, InstallScene, installAccount, saveKey, storedClaims } from './install-scene.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TOKEN_PATH = '/oauth2/access_token';
/** Less than the six hours before its expiry in which a token is renewed. The real schedule runs every half hour. */
const ROUND_MS = 4 * HOUR_MS;

describe.each(testDatabaseKinds())('the tokens of an account on %s', (kind) => {
  const databases = openTestDatabases(kind);
  const clock = new ShiftedClock();
  let sandbox: Sandbox;
  let control: SandboxControl;
  let scene: InstallScene;
  let harness: Harness;

  beforeAll(async () => {
    sandbox = await startSandbox({ clock });
    control = new SandboxControl(sandbox.url);
    scene = new InstallScene(control);
  });

  afterAll(() => sandbox.close());

  beforeEach(async () => {
    await scene.begin();
    harness = await createHarness({ database: await databases.open(), sandbox, clock });
    await harness.get(Integrations).save(defaultIntegration);
    await installAccount(harness, scene);
    harness.jobs.splice(0);
    await control.forgetCalls();
  });

  const readAccount = () => harness.get(TokenService).withSession(ACCOUNT_ID, (session) => harness.get(KommoClient).getAccount(session));
  const findAccount = () => harness.get(AccountStore).find(ACCOUNT_ID);
  const tokenCalls = async () => (await control.calls(TOKEN_PATH)).length;

  /** Runs one round of the schedule and of the worker for `accesses`. */
  const renewalRound = async (): Promise<void> => {
    await harness.get(TokenRenewal).enqueueRenewals(6);
    for (const job of harness.jobs.splice(0)) {
      if (job.tube === 'accesses') await harness.get(TokenRenewal).renew(job.payload.account_ids);
    }
  };

  it.each(['active', 'suspended'] as const)(
    'stay valid for half a year without calls (%s): each pair is renewed within a day',
    async (status) => {
      await harness.get(AccountStore).setStatus(ACCOUNT_ID, status);
      let longestMs = 0;
      let renewedAtMs = clock.nowMs();
      for (let passedMs = 0; passedMs < 180 * DAY_MS; passedMs += ROUND_MS) {
        clock.advance(ROUND_MS);
        await renewalRound();
        const access = await harness.get(AccessStore).find(ACCOUNT_ID);
        longestMs = Math.max(longestMs, clock.nowMs() - renewedAtMs);
        renewedAtMs = access?.refreshedAt ?? 0;
      }
      expect(longestMs).toBeLessThanOrEqual(DAY_MS);
      await harness.get(AccountStore).setStatus(ACCOUNT_ID, 'active');
      await control.forgetCalls();
      expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
      expect(await tokenCalls()).toBe(0);
    },
    120_000,
  );

  it('are renewed during a pause of the account', async () => {
    await harness
      .get(PauseStore)
      .add({ kind: 'account', id: String(ACCOUNT_ID) }, { code: 'kommo_payment_required', untilMs: clock.nowMs() + 7 * DAY_MS });
    clock.advance(DAY_MS - 5 * HOUR_MS);
    await renewalRound();
    expect(await tokenCalls()).toBe(1);
  });

  it('are renewed by the first round after weeks without the service, and not by the next one', async () => {
    clock.advance(80 * DAY_MS);
    await renewalRound();
    await renewalRound();
    expect(await tokenCalls()).toBe(1);
    expect((await readAccount()).accountId).toBe(ACCOUNT_ID);
  });

  it('expire after three months without the service: the account must be authorised again', async () => {
    clock.advance(91 * DAY_MS);
    await renewalRound();
    await renewalRound();
    expect(await tokenCalls()).toBe(1);
    expect((await findAccount())?.status).toBe('reauthorization_required');
  });

  it('are renewed by a job in the form of the predecessors, an array of ids', async () => {
    const before = await storedClaims(harness, ACCOUNT_ID);
    const { account_ids } = parseJobPayload('accesses', JSON.parse(`[${ACCOUNT_ID}]`));
    expect(await harness.get(TokenRenewal).renew(account_ids)).toEqual({ renewed: [ACCOUNT_ID], failed: [] });
    expect((await storedClaims(harness, ACCOUNT_ID))['jti']).not.toBe(before['jti']);
  });

  it('R27: are shown as refused in the widget and in one alert; no more calls are made and no jobs enqueued', async () => {
    await saveKey(harness);
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/revoke`);
    expect((await failureOf(readAccount())).code).toBe('reauthorization_required');
    expect(await harness.get(WidgetStatuses).read(accountForOperator(ACCOUNT_ID))).toMatchObject({
      status: 'reauthorization_required',
      connected: false,
    });
    expect(await harness.get(AlertStore).listDue(10)).toMatchObject([
      { kind: 'account_reauthorization_required', accountId: ACCOUNT_ID, occurrences: 1 },
    ]);
    harness.jobs.splice(0);
    await control.forgetCalls();
    const hook = { account: { id: String(ACCOUNT_ID) }, contacts: { delete: [{ id: '7', type: 'contact' }] } };
    await harness.get(KommoInbox).receive(ACCOUNT_ID, hook);
    clock.advance(2 * DAY_MS);
    harness.jobs.splice(0);
    await harness.get(Sweep).run();
    await harness.get(AllAccounts).checkAll();
    await harness.get(AllAccounts).reconcileAll();
    await renewalRound();
    expect(harness.jobs.filter(({ tube }) => tube !== 'imports')).toEqual([]);
    expect(await control.calls()).toEqual([]);
    expect(await harness.get(AccountQueries).find(ACCOUNT_ID)).toMatchObject({ events_waiting: 1, unisender_key: '***' });
  });

  it.each(['old', 'new'])('R30: work after a rename between two hooks that name the %s subdomain; no hook is lost', async (named) => {
    const subdomain = named === 'old' ? `company${ACCOUNT_ID}` : 'renamed';
    const hook = (id: number) => ({
      account: { id: String(ACCOUNT_ID), subdomain, _links: { self: `https://${subdomain}.kommo.com` } },
      contacts: { delete: [{ id: String(id), type: 'contact' }] },
    });
    expect(await harness.get(KommoInbox).receive(ACCOUNT_ID, hook(1))).toMatchObject({ accepted: 1 });
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
    expect(await harness.get(KommoInbox).receive(ACCOUNT_ID, hook(2))).toMatchObject({ accepted: 1 });
    await renewalRound();
    expect((await findAccount())?.host).toBe(`company${ACCOUNT_ID}.kommo.com`);
    expect((await readAccount()).subdomain).toBe('renamed');
    expect(await findAccount()).toMatchObject({ host: 'renamed.kommo.com', subdomain: 'renamed', status: 'active' });
    expect((await harness.get(AccountQueries).find(ACCOUNT_ID))?.events_waiting).toBe(2);
  });

  it('R30: are refreshed once for twenty callers after they expired and the account was renamed', async () => {
    await control.post(`/kommo/accounts/${ACCOUNT_ID}/rename`, { subdomain: 'renamed' });
    clock.advance(DAY_MS);
    const found = await Promise.all(Array.from({ length: 20 }, async () => (await readAccount()).subdomain));
    expect(new Set(found)).toEqual(new Set(['renamed']));
    expect((await control.calls(TOKEN_PATH)).filter(({ status }) => status === 200)).toHaveLength(1);
  });
});
