import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { systemClock } from '#clock';
import { exitIfMisconfigured, loadConfigOrExit, onStopSignals } from '#config';
import { createLogger } from '#logging';
import { type ComposedSync, composeSync } from '#sync';
import { createMonitors } from './monitors.js';
import { WorkerModule } from './worker.module.js';

/** A worker serves no schema but its own: with an old one it says so and waits. */
async function waitForSchema({ context }: ComposedSync): Promise<void> {
  for (;;) {
    const pending = await context.database.pendingMigrations();
    if (pending.length === 0) return;
    context.logger.error(`the database schema is old: run "npm run migrate" (${pending.join(', ')})`);
    await systemClock.sleep(5_000);
  }
}

const config = loadConfigOrExit();
const logger = createLogger({
  folder: config.logsFolderPath,
  format: config.logFormat,
  level: config.logLevel,
  clock: systemClock,
  service: 'Worker',
});
const foundation = { clock: systemClock, logger };
const composition = await composeSync(config, foundation);
const monitors = createMonitors(config, foundation);
let application: Awaited<ReturnType<typeof NestFactory.createApplicationContext>> | undefined;
const stop = async () => {
  await application?.close();
  await monitors.close();
  await composition.close();
  await logger.close();
  process.exit(0);
};
onStopSignals(
  systemClock,
  () => void stop(),
  () => process.exit(1),
);
await waitForSchema(composition);
await composition.services.keyCheck.run().catch(exitIfMisconfigured);
application = await NestFactory.createApplicationContext(WorkerModule.with({ config, monitors, ...composition }), { logger: false });
logger.info('the worker is running');
