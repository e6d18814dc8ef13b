import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { systemClock } from '#clock';
import {
  collectGarbageOfStart,
  exitAfterFailedStart,
  exitIfGivenArguments,
  loadConfigOrExit,
  onStopSignals,
  releaseYoungGeneration,
} from '#config';
import { createProcessLogger, toNestLogger } from '#logging';
import { WorkerModule } from './worker.module.js';

exitIfGivenArguments('npm run start:worker', 'Runs one worker process until a signal.');
const config = loadConfigOrExit();
const logger = createProcessLogger(config, systemClock, 'Worker');
let application: INestApplicationContext | undefined;

async function stop(): Promise<void> {
  await (application ? application.close() : logger.close());
  process.exit(0);
}

onStopSignals(
  systemClock,
  () => void stop().catch(() => process.exit(1)),
  () => process.exit(1),
);
try {
  const options = { logger: toNestLogger(logger), abortOnError: false };
  application = await NestFactory.createApplicationContext(WorkerModule.forRoot(config, logger), options);
  await collectGarbageOfStart();
  releaseYoungGeneration();
  logger.info('the worker is running');
} catch (error) {
  await exitAfterFailedStart(error, logger);
}
