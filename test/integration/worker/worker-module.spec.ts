import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { Test, type TestingModule } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SchedulerRegistry } from '@nestjs/schedule';
import { systemClock } from '#clock';
import { type Config, loadConfig } from '#config';
import { Database } from '#database';
import { createLogger } from '#logging';
import { QueueClient } from '#queue';
import { AccountSync, RunWorker, TokenRenewal, WriteBack } from '#sync';
import { Schedules } from '../../../apps/worker/src/schedules/schedule-table.js';
import { AccessRenewalWorker, ContactSyncWorker, ImportWorker, WriteBackWorker } from '../../../apps/worker/src/tube-workers.js';
import { WorkerModule } from '../../../apps/worker/src/worker.module.js';
import { type QueueServer, startEmbeddedBeanstalkd } from '../../support/beanstalkd-process.js';
import { eventually } from '../../support/built-process.js';
import { listInjectedDependencies } from '../../support/injected-dependencies.js';

const OUR_MODULES = ['WorkerModule', 'TubeWorkersModule', 'QueueModule', 'SyncModule', 'DatabaseModule', 'SecretsModule'];
const ALL_SCHEDULES = [
  'sweep',
  'monitor',
  'refused-keys',
  'alerts',
  'token-renewal',
  'reconcile',
  'watchdog',
  'uninstall',
  'purge',
  'census',
];

describe('WorkerModule', () => {
  let dataDir: string;
  let queue: QueueServer;
  let config: Config;
  let lines: string[];
  let application: TestingModule;
  let isClosed: boolean;

  beforeEach(async () => {
    isClosed = false;
    dataDir = await mkdtemp(join(tmpdir(), 'worker-'));
    queue = await startEmbeddedBeanstalkd();
    config = loadConfig({ DATA_DIR: dataDir, BEANSTALK_URL: `beanstalk://127.0.0.1:${queue.port}` });
    lines = [];
    const console = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) });
    const logger = createLogger({ keepDays: 1, format: 'json', level: 'info', clock: systemClock, service: 'Worker', console });
    application = await Test.createTestingModule({ imports: [WorkerModule.forRoot(config, logger)] }).compile();
  });

  afterEach(async () => {
    if (!isClosed) await application.close();
    await queue.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const migrate = async () => {
    const database = await Database.open(config.database, { clock: systemClock });
    await database.migrate().finally(() => database.close());
  };

  it('injects a real instance into every constructor', () => {
    const dependencies = listInjectedDependencies(application, OUR_MODULES);
    expect(dependencies.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ContactSyncWorker[0]: AccountSync', 'Scheduler[3]: Logger']),
    );
    expect(dependencies.filter(({ token }) => token === Object || token === Function).map(({ name }) => name)).toEqual([]);
    expect(dependencies.filter(({ instance }) => instance === undefined).map(({ name }) => name)).toEqual([]);
  });

  it.each([
    [ContactSyncWorker, AccountSync],
    [ImportWorker, RunWorker],
    [AccessRenewalWorker, TokenRenewal],
    [WriteBackWorker, WriteBack],
  ])('gives %p the use case of its tube', (worker, useCase) => {
    expect(Object.values(application.get<object>(worker))).toEqual([expect.any(useCase)]);
  });

  it('waits until the schema is migrated, then runs jobs and schedules', async () => {
    const initialized = application.init();
    await eventually('a log line about the schema', () => lines.some((line) => line.includes('database schema is old')));
    expect(application.get(SchedulerRegistry).getIntervals()).toEqual([]);
    await migrate();
    await initialized;
    await application.get(QueueClient, { strict: false }).put({ tube: 'times', payload: { time: '12:00' } });
    await eventually('the effect of a job', () => lines.some((line) => line.includes('It is 12:00')));
    const registry = application.get(SchedulerRegistry);
    expect([...registry.getCronJobs().keys(), ...registry.getIntervals()].sort()).toEqual([...ALL_SCHEDULES].sort());
  });

  it('has a schedule of each name, with the times of the configuration', () => {
    const schedules = application.get(Schedules).all;
    expect(schedules.map(({ name }) => name)).toEqual(ALL_SCHEDULES);
    expect(Object.fromEntries(schedules.map(({ name, every, rounds }) => [name, { ...every, rounds }]))).toEqual({
      sweep: { seconds: config.sweepSeconds, rounds: 'own' },
      alerts: { seconds: config.sweepSeconds, rounds: 'own' },
      'token-renewal': { cron: config.tokenRenewCron, rounds: 'shared' },
      reconcile: { cron: config.reconcileCron, rounds: 'shared' },
      watchdog: { cron: config.watchdogCron, rounds: 'shared' },
      uninstall: { cron: config.watchdogCron, rounds: 'shared' },
      purge: { cron: config.watchdogCron, rounds: 'shared' },
      census: { seconds: 60, rounds: 'shared' },
      monitor: { seconds: 30, rounds: 'own' },
      'refused-keys': { seconds: 60, rounds: 'shared' },
    });
  });

  it('starts no round after the stop has begun', async () => {
    await migrate();
    await application.init();
    await application.close();
    isClosed = true;
    const registry = application.get(SchedulerRegistry);
    expect([...registry.getCronJobs().keys(), ...registry.getIntervals()]).toEqual([]);
  });
});
