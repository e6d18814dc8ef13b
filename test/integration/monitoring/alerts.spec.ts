import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AlertStore, Database } from '#database';
import { alerts, Logger, Secret } from '#domain';
import { AlertWebhook } from '#monitoring';
import { AlertDelivery, AlertMessages } from '#sync';
import { createHarness, type Harness } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { reset, startStubVendor, type StubVendor, text } from '../vendors/stub-vendor.js';

const PATH = '/hooks/planted-alert-secret';
const ACCOUNT_ID = 32_000_001;
const HOUR_MS = 3_600_000;

describe.each(testDatabaseKinds())('alerts on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let receiver: StubVendor;
  let harness: Harness;
  let webhook: AlertWebhook;
  let delivery: AlertDelivery;

  const startProcess = async (location: Awaited<ReturnType<typeof databases.createMigrated>>) =>
    await createHarness({ database: await databases.openAt(location), sandbox: { url: 'http://127.0.0.1:9' } });

  const createWebhook = (url: Secret | undefined) => AlertWebhook.create({ url }, { clock: systemClock, logger: harness.get(Logger) });
  const deliveryOf = (process: Harness, to: AlertWebhook) =>
    new AlertDelivery(process.get(AlertStore), to, process.get(AlertMessages), process.clock, process.get(Logger));

  beforeEach(async () => {
    receiver = await startStubVendor();
    receiver.respondWith(text('ok'));
    harness = await startProcess(await databases.createMigrated());
    webhook = createWebhook(Secret.of(`${receiver.origin.origin}${PATH}`));
    delivery = deliveryOf(harness, webhook);
  });

  afterEach(async () => {
    webhook.close();
    await receiver.close();
  });

  const raise = (version = 1) => harness.get(AlertStore).raise(alerts.reauthorizationRequired(ACCOUNT_ID, version));
  const pushedIds = () => receiver.requests.map(({ body }) => (JSON.parse(body) as { id: string }).id);

  it('are sent once, as documented', async () => {
    await raise();
    const raisedAt = harness.clock.nowMs();
    for (let round = 0; round < 3; round += 1) await delivery.run();
    expect(receiver.requests).toHaveLength(1);
    const [request] = receiver.requests;
    expect(request).toMatchObject({ method: 'POST', path: PATH, headers: { 'content-type': 'application/json; charset=utf-8' } });
    const message = JSON.parse(request?.body ?? '') as Record<string, unknown>;
    expect(message).toEqual({
      id: `account_reauthorization_required:${ACCOUNT_ID}:1`,
      source: 'kommo-unisender-sync',
      state: 'alert',
      kind: 'account_reauthorization_required',
      text: `Kommo refuses the access to account ${ACCOUNT_ID}: open /auth?id=${ACCOUNT_ID} and allow it again.`,
      link: `https://sync.example.org/console/#/accounts/${ACCOUNT_ID}`,
      account_id: ACCOUNT_ID,
      details: {},
      contacts: { total: 0, in_sync: 0, waiting: 0, excluded: 0, failing: 0 },
      occurrences: 1,
      raised_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(Math.abs(Date.parse(String(message['raised_at'])) - raisedAt)).toBeLessThan(60_000);
  });

  it('count repeated events until they are sent', async () => {
    for (let times = 0; times < 5; times += 1) await harness.get(AlertStore).raise(alerts.jobsBuried('imports', 'kommo_rejected', 0));
    await delivery.run();
    expect(receiver.requests.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { kind: 'jobs_buried', account_id: null, occurrences: 5, details: { tube: 'imports', code: 'kommo_rejected' } },
    ]);
  });

  it('are sent once by two processes that run at the same time', async () => {
    const location = await databases.createMigrated();
    const processes = [await startProcess(location), await startProcess(location)];
    for (let version = 1; version <= 20; version += 1) {
      await processes[0]?.get(AlertStore).raise(alerts.reauthorizationRequired(ACCOUNT_ID, version));
    }
    await Promise.all(processes.map((process) => deliveryOf(process, webhook).run()));
    expect(new Set(pushedIds()).size).toBe(20);
    expect(receiver.requests).toHaveLength(20);
  });

  it('are sent later when a process dies before it sent them', async () => {
    await raise();
    const [alert] = await harness.get(AlertStore).listDue(1);
    if (!alert) throw new Error('no alert is due');
    expect(await harness.get(AlertStore).claim(alert, harness.clock.nowMs() + 30_000)).toBe(true);
    await delivery.run();
    expect(receiver.requests).toEqual([]);
    harness.clock.advance(30_001);
    await delivery.run();
    expect(pushedIds()).toEqual([alert.key]);
  });

  it.each([
    ['responds with 500', text('error', 500)],
    ['responds with a redirect', text('', 302, { location: 'http://127.0.0.1:9/' })],
    ['breaks the connection', reset],
  ])('wait longer after each attempt while the receiver %s, and are sent once afterwards', async (_, response) => {
    receiver.respondWith(response);
    await raise();
    for (const waitMs of [30_001, 60_001, 120_001]) {
      await delivery.run();
      await delivery.run();
      harness.clock.advance(waitMs);
    }
    expect(receiver.requests).toHaveLength(3);
    receiver.respondWith(text('ok'));
    await delivery.run();
    await delivery.run();
    expect(receiver.requests).toHaveLength(4);
    expect(harness.logLines.join('\n')).not.toContain('planted-alert-secret');
  });

  it('are sent once while their cause lasts, and once when it has ended, also after a restart', async () => {
    const location = await databases.createMigrated();
    const raiseAndDeliver = async (process: Harness, nowMs: number) => {
      await process.get(AlertStore).raise(alerts.unisenderKeyRefused(ACCOUNT_ID, 'unisender_key_refused', nowMs));
      await deliveryOf(process, webhook).run();
    };
    await raiseAndDeliver(await startProcess(location), 1);
    const restarted = await startProcess(location);
    await raiseAndDeliver(restarted, 2);
    const [open] = await restarted.get(AlertStore).listOpen(10);
    if (!open) throw new Error('no alert is open');
    expect([await restarted.get(AlertStore).recover(open), await restarted.get(AlertStore).recover(open)]).toEqual([true, false]);
    for (let round = 0; round < 2; round += 1) await deliveryOf(restarted, webhook).run();
    expect(receiver.requests.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { id: `unisender_key_refused:${ACCOUNT_ID}:1`, state: 'alert' },
      {
        id: `recovered:unisender_key_refused:${ACCOUNT_ID}:1`,
        state: 'recovered',
        text: `Unisender accepts the key of account ${ACCOUNT_ID}.`,
        details: { code: 'unisender_key_refused', lasted_seconds: expect.any(Number) },
      },
    ]);
    await raiseAndDeliver(restarted, 3);
    expect(pushedIds().at(-1)).toBe(`unisender_key_refused:${ACCOUNT_ID}:3`);
  });

  it('are given up after a day and deleted after a month', async () => {
    receiver.respondWith(text('error', 500));
    await raise();
    const runHourly = async (hours: number) => {
      for (let hour = 0; hour < hours; hour += 1) {
        await delivery.run();
        harness.clock.advance(HOUR_MS);
      }
      return receiver.requests.length;
    };
    const attempts = await runHourly(26);
    expect(attempts).toBeGreaterThan(10);
    expect(await runHourly(26)).toBe(attempts);
    expect(harness.logLines.filter((line) => line.includes('alerts given up'))).toHaveLength(1);
    const stored = () => harness.get(Database).query('SELECT alert_key FROM alerts');
    expect(await stored()).toHaveLength(1);
    harness.clock.advance(30 * 24 * HOUR_MS);
    await delivery.run();
    expect(await stored()).toEqual([]);
  });

  it('are stored and deleted also without a receiver', async () => {
    const silent = deliveryOf(harness, createWebhook(undefined));
    await raise();
    await silent.run();
    harness.clock.advance(31 * 24 * HOUR_MS);
    await silent.run();
    expect(await harness.get(Database).query('SELECT alert_key FROM alerts')).toEqual([]);
    expect(harness.logLines.join('\n')).not.toContain('given up');
  });

  it('are raised in the transaction of their action', async () => {
    const database = harness.get(Database);
    const broken = database.transaction(async () => {
      await harness.get(AlertStore).raise(alerts.reauthorizationRequired(ACCOUNT_ID, 1));
      throw new Error('the action failed');
    });
    await expect(broken).rejects.toThrow('the action failed');
    expect(await harness.get(AlertStore).listDue(1)).toEqual([]);
  });
});
