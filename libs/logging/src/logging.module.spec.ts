import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ClockModule, systemClock } from '#clock';
import { ConfigModule, loadConfig } from '#config';
import { Logger } from '#domain';
import { LoggingModule } from './logging.module.js';
import { ServiceLogger } from './service-logger.js';
import { createLogger } from './winston-logger.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'logging-module-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

@Injectable()
class LastWork implements OnApplicationShutdown {
  constructor(private readonly logger: Logger) {}

  async onApplicationShutdown(): Promise<void> {
    await systemClock.sleep(20);
    this.logger.info('last work done');
  }
}

@Module({ providers: [LastWork] })
class WorkModule {}

const logOf = (folder: string) => readdirSync(folder).map((day) => readFileSync(join(folder, day, 'request.log'), 'utf8'))[0] ?? '';

describe('LoggingModule', () => {
  it('provides one logger, made from the configuration, as Logger and as ServiceLogger', async () => {
    const config = { ...loadConfig({ DATA_DIR: dir }), logLevel: 'error' as const };
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(config), ClockModule, LoggingModule.forRoot({ service: 'Api' })],
    }).compile();
    const logger = module.get(ServiceLogger);
    expect(module.get(Logger)).toBe(logger);
    expect([logger.isEnabled('error'), logger.isEnabled('warn')]).toEqual([true, false]);
    await module.close();
  });

  it('closes the log after the shutdown hooks of the other modules', async () => {
    const logger = createLogger({
      folder: dir,
      keepDays: 14,
      format: 'text',
      level: 'info',
      clock: systemClock,
      service: 'Worker',
      console: new PassThrough().resume(),
    });
    const module = await Test.createTestingModule({ imports: [LoggingModule.forLogger(logger), WorkModule] }).compile();
    await module.init();
    await module.close();
    expect(logOf(dir)).toMatch(/Worker \. INFO: last work done\n$/);
  });
});
