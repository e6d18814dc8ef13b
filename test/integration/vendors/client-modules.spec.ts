import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { ClockModule, systemClock } from '#clock';
import { ConfigModule, loadConfig } from '#config';
import { RequestLimiter, Secret, silentMeter, TransientError, WorkMeter } from '#domain';
import { KommoClient, KommoClientModule } from '#kommo';
import { createLogger, LoggingModule } from '#logging';
import { type AlertMessage, AlertWebhook, CronitorClient, MonitoringModule } from '#monitoring';
import { UnisenderClient, UnisenderClientModule } from '#unisender';
import { readJsonSample } from '../../support/samples.js';
import { failureOf, json, recordingLimiter, startStubVendor, type StubVendor, text } from './stub-vendor.js';

const session = { host: 'example.kommo.com', accessToken: Secret.of('access-token'), accountId: 31361463 };
const alert: AlertMessage = {
  id: 'run_failed:1',
  source: 'kommo-unisender-sync',
  state: 'alert',
  kind: 'run_failed',
  text: 'A run failed.',
  link: 'https://sync.example.org/console/#/accounts/1',
  account_id: 1,
  details: {},
  contacts: null,
  occurrences: 1,
  raised_at: '2026-11-21T07:00:00.000Z',
};

let dir: string;
let vendor: StubVendor;
let module: TestingModule;
const limiter = recordingLimiter();

@Global()
@Module({
  providers: [
    { provide: RequestLimiter, useValue: limiter },
    { provide: WorkMeter, useValue: silentMeter },
  ],
  exports: [RequestLimiter, WorkMeter],
})
class LimiterModule {}

async function start(variables: Readonly<Record<string, string>> = {}): Promise<void> {
  const { origin } = vendor.origin;
  const config = loadConfig({ DATA_DIR: dir, KOMMO_ORIGIN_OVERRIDE: origin, UNISENDER_URL: `${origin}/ru/api`, ...variables });
  const console = new PassThrough().resume();
  const logger = createLogger({ keepDays: 14, format: 'text', level: 'info', clock: systemClock, service: 'Test', console });
  module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(config),
      ClockModule,
      LoggingModule.forLogger(logger),
      LimiterModule,
      KommoClientModule,
      UnisenderClientModule,
      MonitoringModule,
    ],
  }).compile();
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'client-modules-'));
  vendor = await startStubVendor();
});

afterEach(async () => {
  await module.close();
  await vendor.close();
  rmSync(dir, { recursive: true });
});

describe('the client modules', () => {
  it('build the vendor clients from the configuration', async () => {
    await start();
    vendor.respondWith(json(readJsonSample('kommo', 'account-01-captured-2025.json')), json({ result: [] }));
    await expect(module.get(KommoClient).getAccount(session)).resolves.toMatchObject({ accountId: 32499146 });
    await expect(module.get(UnisenderClient).getLists(Secret.of('api-key'))).resolves.toEqual([]);
    expect(vendor.requests.map(({ headers, path }) => [headers.host, path])).toEqual([
      ['example.kommo.com', '/api/v4/account'],
      [vendor.origin.host, '/ru/api/getLists'],
    ]);
    expect(limiter.acquired).toHaveLength(2);
  });

  it('close the vendor clients at shutdown', async () => {
    await start();
    await module.init();
    await module.close();
    await expect(failureOf(module.get(KommoClient).getAccount(session))).resolves.toBeInstanceOf(TransientError);
    expect(vendor.requests).toEqual([]);
  });

  it('send alerts and heartbeats, the last ones at shutdown', async () => {
    const { origin } = vendor.origin;
    await start({ ALERT_WEBHOOK_URL: `${origin}/alerts`, CRONITOR_API_KEY: 'cronitor-key', CRONITOR_URL: origin });
    vendor.respondWith(text('ok'));
    await module.init();
    expect(module.get(AlertWebhook).isEnabled).toBe(true);
    await module.get(AlertWebhook).send(alert);
    module.get(CronitorClient).report({ monitor: 'sweep', state: 'complete', series: '1' });
    await module.close();
    expect(vendor.requests.map(({ path }) => path)).toEqual(['/alerts', '/p/cronitor-key/sweep']);
  });

  it('send neither alerts nor heartbeats when they are not configured', async () => {
    await start();
    module.get(CronitorClient).report({ monitor: 'sweep', state: 'run', series: '1' });
    await expect(failureOf(module.get(AlertWebhook).send(alert))).resolves.toMatchObject({ code: 'alert_webhook_not_configured' });
    expect(module.get(AlertWebhook).isEnabled).toBe(false);
    expect(vendor.requests).toEqual([]);
  });
});
