import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '#clock';
import { AlertStore, Database, EventStore } from '#database';
import { JobQueue, TransientError } from '#domain';
import { ServiceMonitor, WorkerWatch } from '#sync';
import { startMariaDb } from '../../support/mariadb-process.js';
import { listSamples, readSample } from '../../support/samples.js';
import { itOnSmallDisk, mountSmallDisk } from '../../support/small-disk.js';
import { holdSqliteLock } from '../../support/sqlite-lock-holder.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';
import { ApiScene, UNISENDER_KEY } from './api-scene.js';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'content-type': 'application/json' };
const ACCOUNT_ID = 32_427_762;

/** The effect of every recorded or documented webhook by the reference: the contacts that it changes, and the account that it names. */
const meanings: Readonly<Record<string, { accountId?: number; effects: readonly string[] }>> = {
  'webhook-01-contact-add-2025.form': { accountId: ACCOUNT_ID, effects: ['add 37054081'] },
  'webhook-02-contact-update-2025.form': { accountId: ACCOUNT_ID, effects: ['update 37054081'] },
  'webhook-03-lead-add-2025.form': { accountId: ACCOUNT_ID, effects: [] },
  'webhook-04-lead-update-2025.form': { accountId: ACCOUNT_ID, effects: [] },
  'webhook-07-lead-status-2018-unescaped.form': { effects: [] },
  'webhook-10-contact-restore-2016.form': { effects: ['restore 1065'] },
  'webhook-11-digital-pipeline-lead-status-2023.form': { accountId: 30_307_558, effects: [] },
  'webhook-12-digital-pipeline-lead-add-kommo-2026.json': { accountId: 32_491_523, effects: [] },
  'webhook-20-contact-add-doc.json': { accountId: 32_720_107, effects: ['add 17611273'] },
  'webhook-21-contact-update-doc.json': { accountId: 32_720_107, effects: ['update 17611273'] },
  'webhook-22-contact-delete-doc.json': { effects: ['delete 17611273'] },
  'webhook-23-contact-restore-doc.json': { accountId: 32_720_107, effects: ['restore 17611273'] },
  'webhook-25-company-add-doc.json': { accountId: 32_720_107, effects: [] },
  'webhook-26-company-update-doc.json': { accountId: 32_720_107, effects: [] },
  'webhook-27-company-delete-doc.json': { effects: [] },
  'webhook-28-contact-note-doc.json': { accountId: 32_720_107, effects: [] },
  'webhook-29-unsorted-update-with-account-doc.json': { accountId: 1_312_313, effects: [] },
  'webhook-30-unsorted-accept-doc.json': { effects: [] },
  'webhook-41-mixed-add-and-delete-DERIVED.form': { accountId: ACCOUNT_ID, effects: ['add 37054090', 'delete 37054081'] },
  'webhook-42-contact-delete-DERIVED.form': { accountId: ACCOUNT_ID, effects: ['delete 37054081'] },
};

const typeOf = (file: string) => (file.endsWith('.json') ? JSON_TYPE : FORM);

describe.each(testDatabaseKinds())('Kommo webhooks on %s', (kind) => {
  const databases = openTestDatabases(kind);

  it('have an expected effect for every sample', () => {
    expect(listSamples('kommo', /^webhook-/)).toEqual(Object.keys(meanings).sort());
  });

  it.each(Object.entries(meanings))(
    'R11: have the effect that the reference states for %s',
    async (file, { accountId = ACCOUNT_ID, effects }) => {
      const scene = await ApiScene.open({ database: await databases.open() });
      const token = await scene.addAccount(accountId);
      const response = await scene.send('POST', `/webhook/${token}`, { body: readSample('kommo', file), headers: typeOf(file) });
      expect(response).toMatchObject({ status: 200, body: { status: 'success', data: { accepted: effects.length, unreadable: 0 } } });
      const events = await scene.events(accountId);
      expect(events.map(({ action, contact_id }) => `${String(action)} ${String(contact_id)}`).reverse()).toEqual(effects);
      expect(events.every(({ state }) => state === 'waiting')).toBe(true);
      expect(scene.harness.jobs.length).toBe(effects.length > 0 ? 1 : 0);
    },
  );

  it('R76: store every contact of a hook of 3,000 contacts and 40,000 keys', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(ACCOUNT_ID);
    const tags = Array.from({ length: 11 }, (_, index) => `&{}[tags][${index}][name]=t`).join('');
    const contactOf = (index: number) =>
      `{}[id]=${index + 1}&{}[name]=N&{}[type]=contact${tags}`.replaceAll('{}', `contacts[add][${index}]`);
    const body = Array.from({ length: 3_000 }, (_, index) => contactOf(index)).join('&');
    expect(body.split('&').length).toBeGreaterThan(40_000);
    const response = await scene.send('POST', `/webhook/${token}`, { body, headers: FORM });
    expect(response).toMatchObject({ status: 200, body: { data: { accepted: 3_000, unreadable: 0 } } });
    expect(await scene.harness.get(EventStore).countWaiting(ACCOUNT_ID)).toBe(3_000);
  });

  it('R43: get 404 and store nothing when the token is wrong', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(ACCOUNT_ID);
    const body = readSample('kommo', 'webhook-01-contact-add-2025.form');
    for (const wrong of [
      `${token}x`,
      token.slice(1),
      token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase(),
      'x',
      '%00',
      '..%2f..%2faccounts',
    ]) {
      expect((await scene.send('POST', `/webhook/${wrong}`, { body, headers: FORM })).status).toBe(404);
    }
    expect(await scene.events(ACCOUNT_ID)).toEqual([]);
    expect(scene.harness.jobs).toEqual([]);
  });

  it('R43: get 400 and are stored without effect when they name another account than their token', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(7);
    const response = await scene.send('POST', `/webhook/${token}`, {
      body: readSample('kommo', 'webhook-01-contact-add-2025.form'),
      headers: FORM,
    });
    expect(response).toMatchObject({ status: 400, body: { data: { error: 'account_mismatch' } } });
    expect(await scene.events(7)).toMatchObject([
      { state: 'refused', contact_id: null, reason: expect.stringContaining(String(ACCOUNT_ID)) },
    ]);
    expect(scene.harness.jobs).toEqual([]);
  });

  it('R17: get 503 while the database is down, and are accepted when it is back', async () => {
    const database = await databases.open();
    const scene = await ApiScene.open({ database });
    const token = await scene.addAccount(ACCOUNT_ID);
    const post = () =>
      scene.send('POST', `/webhook/${token}`, { body: readSample('kommo', 'webhook-01-contact-add-2025.form'), headers: FORM });
    expect((await post()).status).toBe(200);
    const events = scene.harness.get(EventStore);
    const add = events.addOfAccounts.bind(events);
    events.addOfAccounts = () => Promise.reject(new TransientError('the database is unavailable', { code: 'database_unavailable' }));
    expect(await post()).toMatchObject({
      status: 503,
      headers: { 'retry-after': expect.any(String) },
      body: { data: { correlation_id: expect.any(String) } },
    });
    events.addOfAccounts = add;
    expect((await post()).status).toBe(200);
    expect(await scene.events(ACCOUNT_ID)).toMatchObject([{ contact_id: 37_054_081, deliveries: 2 }]);
  });

  it('R17: get 200 while the queue is down: the event is committed, and the sweep finds it', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const token = await scene.addAccount(ACCOUNT_ID);
    Object.assign(scene.harness.get(JobQueue), {
      put: () => Promise.reject(new TransientError('no queue server takes the job', { code: 'queue_unavailable' })),
    });
    const response = await scene.send('POST', `/webhook/${token}`, {
      body: readSample('kommo', 'webhook-01-contact-add-2025.form'),
      headers: FORM,
    });
    expect(response.status).toBe(200);
    expect(await scene.events(ACCOUNT_ID)).toMatchObject([{ state: 'waiting' }]);
  });
});

const describeOnMariaDb = testDatabaseKinds().includes('mysql') ? describe : () => {};

describeOnMariaDb('a stopped database server', () => {
  it('R17: leads to 503 for webhooks with a known or unknown token, and to a service that is not ready', async () => {
    const server = await startMariaDb();
    const database = await Database.open(await server.createSchema(), { clock: systemClock });
    try {
      await database.migrate();
      const scene = await ApiScene.open({ database });
      const token = await scene.addAccount(ACCOUNT_ID);
      const body = readSample('kommo', 'webhook-01-contact-add-2025.form');
      expect((await scene.send('POST', `/webhook/${token}`, { body, headers: FORM })).status).toBe(200);
      await server.stop();
      for (const path of [`/webhook/${token}`, '/webhook/a-token-that-was-never-looked-up-before']) {
        const response = await scene.send('POST', path, { body, headers: FORM });
        expect(response).toMatchObject({ status: 503, body: { status: 'error', data: { error: 'database_unavailable' } } });
      }
      expect((await scene.sendAsOperator('GET', '/accounts')).status).toBe(503);
      expect((await scene.send('GET', '/health/ready')).status).toBe(503);
      expect((await scene.send('GET', '/health/live')).status).toBe(200);
    } finally {
      await database.close();
    }
  });
});

describe('readiness', () => {
  const databases = openTestDatabases('sqlite');

  it('fails with an old schema', async () => {
    const database = await databases.openAt(await databases.createEmpty());
    const scene = await ApiScene.open({ database });
    const response = await scene.send('GET', '/health/ready');
    expect(response.status).toBe(503);
    expect(JSON.parse(response.text)).toEqual({
      status: 'not_ready',
      checks: { database: 'up', migrations: 'pending', queue: 'up', disk: 'up', workers: 'unknown' },
    });
    expect((await scene.send('GET', '/health/live')).status).toBe(200);
  });

  it('is degraded, and still 200, when no worker has reported for two minutes', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    const read = async () => {
      const { status, text } = await scene.send('GET', '/health/ready');
      return { status, readiness: JSON.parse(text) as { status: string; checks: { workers: string } } };
    };
    expect(await read()).toMatchObject({ status: 200, readiness: { status: 'ready', checks: { workers: 'up' } } });
    scene.harness.clock.advance(121_000);
    expect(await read()).toMatchObject({ status: 200, readiness: { status: 'degraded', checks: { workers: 'down' } } });
    await scene.harness.get(WorkerWatch).run();
    expect(await scene.harness.get(AlertStore).listOpen(10)).toMatchObject([
      { kind: 'no_worker', details: { seconds: expect.any(Number) } },
    ]);
    scene.harness.clock.advance(1_001);
    await scene.harness.get(ServiceMonitor).run();
    expect(await read()).toMatchObject({ status: 200, readiness: { status: 'ready', checks: { workers: 'up' } } });
    expect(await scene.harness.get(AlertStore).listOpen(10)).toEqual([]);
  });

  it('fails when a write into DATA_DIR says that the disk is full', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'ready-'));
    symlinkSync('/dev/full', join(dataDir, `.ready-${process.pid}`));
    const scene = await ApiScene.open({ database: await databases.open(), config: { dataDir } });
    const response = await scene.send('GET', '/health/ready');
    expect([response.status, JSON.parse(response.text)]).toMatchObject([503, { status: 'not_ready', checks: { disk: 'down' } }]);
    rmSync(dataDir, { recursive: true });
  });

  itOnSmallDisk('fails while the disk of DATA_DIR is full', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'ready-'));
    const unmount = mountSmallDisk(dataDir, 65_536);
    try {
      const scene = await ApiScene.open({ database: await databases.open(), config: { dataDir } });
      const filler = openSync(join(dataDir, 'filler'), 'w');
      expect(() => {
        for (;;) writeSync(filler, Buffer.alloc(4_096));
      }).toThrow('ENOSPC');
      closeSync(filler);
      const response = await scene.send('GET', '/health/ready');
      expect([response.status, JSON.parse(response.text)]).toMatchObject([503, { status: 'not_ready', checks: { disk: 'down' } }]);
    } finally {
      unmount();
      rmSync(dataDir, { recursive: true });
    }
  });
});

describe('a process that holds the write lock of the SQLite file', () => {
  const databases = openTestDatabases('sqlite');

  it('R79: delays webhooks, while the API stays alive and reads', async () => {
    const location = await databases.createMigrated();
    const scene = await ApiScene.open({ database: await databases.openAt(location) });
    const token = await scene.addAccount(ACCOUNT_ID);
    const body = readSample('kommo', 'webhook-01-contact-add-2025.form');
    const release = await holdSqliteLock(location.kind === 'sqlite' ? location.path : '');
    const blocked = monitorEventLoopDelay();
    blocked.enable();
    const hook = scene.send('POST', `/webhook/${token}`, { body, headers: FORM });
    expect((await scene.send('GET', '/health/ready')).status).toBe(503);
    expect((await scene.send('GET', '/health/live')).status).toBe(200);
    expect((await scene.sendAsOperator('GET', '/accounts')).status).toBe(200);
    blocked.disable();
    expect(blocked.max / 1e6).toBeLessThan(3_000);
    await release();
    expect((await hook).status).toBe(200);
    expect(await scene.events(ACCOUNT_ID)).toMatchObject([{ state: 'waiting' }]);
  });
});

describe('Unisender webhooks', () => {
  const databases = openTestDatabases('sqlite');

  const signed = (event: object) => {
    const text = JSON.stringify({ auth: UNISENDER_KEY, ...event });
    return text.replace(UNISENDER_KEY, createHash('md5').update(text).digest('hex'));
  };
  const event = { login: 'owner', event_name: 'unsubscribe', event_time: '2026-11-20 10:00:00', email: 'gone@example.org' };

  it('are accepted with a valid signature, and get 401 without effect otherwise', async () => {
    const scene = await ApiScene.open({ database: await databases.open() });
    await scene.addAccount(7);
    const token = await scene.webhookToken(7, 'unisender');
    const url = `/unisender/webhook/${token}`;
    expect((await scene.send('GET', url)).status).toBe(200);
    expect((await scene.send('GET', '/unisender/webhook/unknown-token-0123456789')).status).toBe(404);
    const forged = signed(event).replace('gone@', 'other@');
    for (const body of [forged, '{}', '', 'auth=x', JSON.stringify({ auth: 'x', ...event })]) {
      expect((await scene.send('POST', url, { body, headers: JSON_TYPE })).status).toBe(401);
    }
    expect(await scene.events(7)).toEqual([]);
    expect(await scene.send('POST', url, { body: signed(event), headers: JSON_TYPE })).toMatchObject({
      status: 200,
      body: { data: { accepted: 1 } },
    });
    expect(await scene.events(7)).toMatchObject([{ source: 'unisender', action: 'unsubscribe' }]);
  });
});
