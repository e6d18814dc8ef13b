import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { systemClock } from '#clock';
import { type Config, loadConfig } from '#config';
import { InvalidInputError } from '#domain';
import { createLogger } from '#logging';
import { type ComposedSync, composeSync } from '#sync';
import { WorkerModule } from './worker.module.js';

/** sysexits(3) */
const EX_CONFIG = 78;
const SECOND_SIGNAL_COUNTS_AFTER_MS = 1_000;

function readConfig(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EX_CONFIG);
  }
}

/** A worker serves no schema but its own: with an old one it says so and waits. */
async function waitForSchema({ context }: ComposedSync): Promise<void> {
  for (;;) {
    const pending = await context.database.pendingMigrations();
    if (pending.length === 0) return;
    context.logger.error(`the database schema is old: run "npm run migrate" (${pending.join(', ')})`);
    await systemClock.sleep(5_000);
  }
}

function onStopSignals(stop: () => Promise<void>): void {
  let firstAt: number | undefined;
  const receive = () => {
    if (firstAt === undefined) {
      firstAt = systemClock.nowMs();
      void stop().then(() => process.exit(0));
    } else if (systemClock.nowMs() - firstAt >= SECOND_SIGNAL_COUNTS_AFTER_MS) process.exit(1);
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
}

const config = readConfig();
const logger = createLogger({
  ...(config.logsFolderPath === undefined ? {} : { folder: config.logsFolderPath }),
  format: config.logFormat,
  level: config.logLevel,
  clock: systemClock,
  service: 'Worker',
});
const composition = await composeSync(config, { clock: systemClock, logger });
let application: Awaited<ReturnType<typeof NestFactory.createApplicationContext>> | undefined;
onStopSignals(async () => {
  await application?.close();
  await composition.close();
  await logger.close();
});
await waitForSchema(composition);
application = await NestFactory.createApplicationContext(
  WorkerModule.with({ config, context: composition.context, services: composition.services, findEndpoints: composition.findEndpoints }),
  { logger: false },
);
logger.info('the worker is running');
