import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { ClockModule } from '#clock';
import { ConfigModule, loadConfig } from '#config';
import * as database from '#database';
import { AuthStateStore, Database, DatabaseModule, DatabaseRequestLimiter, IntegrationStore } from '#database';
import { Logger, RequestLimiter } from '#domain';
import { RecordingLogger } from '../../support/sync-harness.js';
import { openTestDatabases, testDatabaseKinds } from '../../support/test-databases.js';

const stores = Object.entries(database).flatMap(([name, value]) => (name.endsWith('Store') ? [value as Type] : []));

describe.each(testDatabaseKinds())('DatabaseModule on %s', (kind) => {
  const databases = openTestDatabases(kind);
  let dataDir: string;
  let logger: RecordingLogger;
  let app: TestingModule;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'database-module-'));
    logger = new RecordingLogger();
    const config = { ...loadConfig({ DATA_DIR: dataDir }), database: await databases.createMigrated() };
    const loggingModule = { module: class {}, global: true, providers: [{ provide: Logger, useValue: logger }], exports: [Logger] };
    app = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(config), ClockModule, loggingModule, DatabaseModule],
    }).compile();
    await app.init();
  });

  afterEach(async () => {
    await app.close();
    await rm(dataDir, { recursive: true });
  });

  it('provides every store by its class, on one database', async () => {
    expect(stores.length).toBeGreaterThan(15);
    for (const store of stores) {
      expect(app.get(store)).toBeInstanceOf(store);
    }
    const states = app.get(AuthStateStore);
    const attempt = app.get(Database).transaction(async () => {
      expect(await states.consume('nonce', Number.MAX_SAFE_INTEGER)).toBe(true);
      throw new Error('no');
    });
    await expect(attempt).rejects.toThrow('no');
    expect(await states.consume('nonce', Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  it('provides the request limiter of the database', async () => {
    const limiter = app.get(RequestLimiter);
    expect(limiter).toBeInstanceOf(DatabaseRequestLimiter);
    await limiter.pause('kommo', { code: 'kommo_rate_limited', forMs: 60_000 });
    await expect(limiter.acquire(['kommo'])).rejects.toMatchObject({ code: 'vendor_paused' });
  });

  it('closes the database at shutdown and logs it', async () => {
    expect(await app.get(IntegrationStore).list()).toEqual([]);
    await app.close();
    expect(logger.lines).toEqual(['info database closed']);
    expect(await app.get(Database).isReady()).toBe(false);
  });
});
