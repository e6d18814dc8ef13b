import { systemClock } from '#clock';
import { exitAfterFailedStart, exitIfGivenArguments, loadConfigOrExit, onStopSignals, releaseYoungGeneration } from '#config';
import { createProcessLogger, type ServiceLogger } from '#logging';
import { runApi, type RunningApi } from './run-api.js';

async function stop(api: RunningApi, logger: ServiceLogger, graceMs: number): Promise<void> {
  setTimeout(() => process.exit(1), graceMs).unref();
  await api.close();
  await logger.close();
  process.exit(0);
}

function stopOnSignal(api: RunningApi, logger: ServiceLogger, graceMs: number): void {
  const finish = (signal: NodeJS.Signals) => {
    logger.info('stopping: running requests are finished first', { signal });
    stop(api, logger, graceMs).catch(() => process.exit(1));
  };
  onStopSignals(systemClock, finish, () => process.exit(1));
}

async function main(): Promise<void> {
  exitIfGivenArguments('npm run start:api', 'Runs one API process until a signal.');
  const config = loadConfigOrExit();
  const logger = createProcessLogger(config, systemClock, 'Api');
  process.on('unhandledRejection', (error) => logger.error('unhandled rejection', { error }));
  try {
    const api = await runApi(config, logger);
    stopOnSignal(api, logger, (config.shutdownDelaySeconds + config.shutdownGraceSeconds) * 1000);
    releaseYoungGeneration();
    process.stdout.write(`${JSON.stringify({ api: 'ready', port: api.port })}\n`);
  } catch (error) {
    await exitAfterFailedStart(error, logger);
  }
}

await main();
