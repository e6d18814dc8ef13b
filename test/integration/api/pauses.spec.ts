import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccountStore, PauseStore } from '#database';
import { AccountGate, AccountQueries } from '#sync';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { ApiScene } from './api-scene.js';

const ACCOUNT_ID = 501;
const MINUTE_MS = 60_000;

describe.each(testDatabaseKinds())('S03: pauses over HTTP on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let scene: ApiScene;

  beforeEach(async () => {
    scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(ACCOUNT_ID);
  });

  const post = async (path: string, body: object = {}) => scene.sendAsOperator('POST', `/operations/${path}`, { body });
  const list = async () => (await scene.sendAsOperator('GET', '/operations/pauses')).body.data['pauses'];
  const showAccount = async () => (await scene.sendAsOperator('GET', `/operations/accounts/${ACCOUNT_ID}`)).body.data['paused'];
  const showWidget = async () => (await scene.sendAsOperator('GET', `/widget/status?account_id=${ACCOUNT_ID}`)).body.data['paused'];
  const findHindrance = () => scene.harness.get(AccountGate).findHindrance(ACCOUNT_ID, 'work');

  it('show why and until when an account waits, and end with a resume', async () => {
    const untilMs = scene.harness.clock.nowMs() + 10 * MINUTE_MS;
    await scene.harness.get(PauseStore).add({ kind: 'account', id: String(ACCOUNT_ID) }, { code: 'kommo_rate_limited', untilMs });
    const paused = { code: 'kommo_rate_limited', until: new Date(untilMs).toISOString() };
    expect(await list()).toMatchObject([{ scope: 'account', id: String(ACCOUNT_ID), ...paused, reason: null }]);
    expect(await showAccount()).toEqual(paused);
    expect(await showWidget()).toEqual(paused);
    expect(await findHindrance()).toBe('account_paused');
    expect(await post(`accounts/${ACCOUNT_ID}/resume`)).toMatchObject({ status: 200, body: { data: { lifted: 1 } } });
    expect(await list()).toEqual([]);
    expect([await showAccount(), await showWidget(), await findHindrance()]).toEqual([null, null, undefined]);
    expect(scene.harness.jobs).toContainEqual({ tube: 'contacts', payload: { account_id: ACCOUNT_ID } });
  });

  it('are set for an account by an operator, with an end or until a resume', async () => {
    const timed = await post(`accounts/${ACCOUNT_ID}/pause`, { minutes: 5, reason: 'maintenance' });
    expect(timed).toMatchObject({ status: 200, body: { data: { pause: { code: 'paused_by_operator', reason: 'maintenance' } } } });
    expect(await post(`accounts/${ACCOUNT_ID}/pause`)).toMatchObject({ status: 200 });
    expect(await showAccount()).toMatchObject({ code: 'paused_by_operator', until: '9999-12-31T23:59:59.999Z' });
    expect((await scene.harness.get(AccountStore).find(ACCOUNT_ID))?.pauseCode).toBe('paused_by_operator');
  });

  it('of a key are shown for its accounts, and end with the account or the vendor', async () => {
    const pauses = scene.harness.get(PauseStore);
    const key = { kind: 'key', id: 'hash-of-a-key-01' } as const;
    await scene.harness.get(AccountStore).update(ACCOUNT_ID, { unisenderKeyHash: key.id });
    for (const path of [`accounts/${ACCOUNT_ID}/resume`, 'vendors/unisender/resume']) {
      await pauses.add(key, { code: 'unisender_rate_limited', untilMs: scene.harness.clock.nowMs() + MINUTE_MS });
      expect(await showAccount()).toMatchObject({ code: 'unisender_rate_limited' });
      expect(await post(path)).toMatchObject({ status: 200, body: { data: { lifted: 1 } } });
      expect(await showAccount()).toBeNull();
    }
  });

  it('of a vendor are shown for every account, and end with a resume that also ends those of its hosts', async () => {
    await post('vendors/kommo/pause', { minutes: 60 });
    const untilMs = scene.harness.clock.nowMs() + MINUTE_MS;
    await scene.harness.get(PauseStore).add({ kind: 'host', id: 'a.kommo.com' }, { code: 'kommo_forbidden', untilMs });
    expect(await showAccount()).toMatchObject({ code: 'paused_by_operator' });
    expect(await post('vendors/unisender/resume')).toMatchObject({ body: { data: { lifted: 0 } } });
    expect(await post('vendors/kommo/resume')).toMatchObject({ body: { data: { lifted: 2 } } });
    expect((await scene.harness.get(AccountQueries).find(ACCOUNT_ID))?.paused).toBeNull();
  });

  it('are refused for an unknown account or vendor, and for a time that is no number of minutes', async () => {
    expect((await post('accounts/999/pause')).status).toBe(404);
    expect((await post('accounts/999/resume')).status).toBe(404);
    expect((await post('vendors/other/pause')).status).toBe(400);
    expect(await post('vendors/kommo/pause', { minutes: 0 })).toMatchObject({
      status: 400,
      body: { data: { fields: [{ field: 'minutes' }] } },
    });
    expect(await list()).toEqual([]);
  });

  it('are recorded in the audit log', async () => {
    await post(`accounts/${ACCOUNT_ID}/pause`, { minutes: 5, reason: 'a-secret-in-the-wrong-field' });
    await post('vendors/kommo/resume');
    const { body, text } = await scene.sendAsOperator('GET', '/operations/audit');
    expect(text).not.toContain('a-secret-in-the-wrong-field');
    expect(body.data['audit']).toMatchObject([
      { action: 'vendor.resume', account_id: null, outcome: 'done', details: { vendor: 'kommo' } },
      { action: 'account.pause', account_id: ACCOUNT_ID, outcome: 'done', details: { minutes: 5 } },
      { action: 'integration.save' },
    ]);
  });
});
