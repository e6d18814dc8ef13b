import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { systemClock } from '#clock';
import { exitIfMisconfigured, loadConfigOrExit, onStopSignals } from '#config';
import { InvalidInputError } from '#domain';
import { createLogger } from '#logging';
import { WorkerModule } from './worker.module.js';

const config = loadConfigOrExit();
const logger = createLogger({
  folder: config.logsFolderPath,
  keepDays: config.logKeepDays,
  format: config.logFormat,
  level: config.logLevel,
  clock: systemClock,
  service: 'Worker',
});
let application: INestApplicationContext | undefined;

async function stop(): Promise<void> {
  await application?.close();
  await logger.close();
  process.exit(0);
}

onStopSignals(
  systemClock,
  () => void stop(),
  () => process.exit(1),
);
try {
  application = await NestFactory.createApplicationContext(WorkerModule.forRoot(config, logger), { logger: false, abortOnError: false });
  logger.info('the worker is running');
} catch (error) {
  if (!(error instanceof InvalidInputError)) logger.error('the worker cannot start', { error });
  await logger.close();
  if (error instanceof InvalidInputError) exitIfMisconfigured(error);
  process.exit(1);
}
