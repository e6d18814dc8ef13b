import { systemClock } from '#clock';
import { type Config, loadConfig } from '#config';
import { InvalidInputError } from '#domain';
import { createLogger, type ServiceLogger } from '#logging';
import { runApi, type RunningApi } from './run-api.js';

const EXIT_BAD_CONFIGURATION = 78;
/** npm passes one Ctrl-C on twice: the second signal counts from here. */
const SECOND_SIGNAL_AFTER_MS = 1_000;

function readConfig(): Config {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_BAD_CONFIGURATION);
  }
}

async function stop(api: RunningApi, logger: ServiceLogger, graceMs: number): Promise<void> {
  setTimeout(() => process.exit(1), graceMs).unref();
  await api.close();
  await logger.close();
  process.exit(0);
}

function stopOnSignal(api: RunningApi, logger: ServiceLogger, graceMs: number): void {
  let firstAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = systemClock.nowMs();
    if (firstAtMs !== undefined && nowMs - firstAtMs >= SECOND_SIGNAL_AFTER_MS) process.exit(1);
    if (firstAtMs !== undefined) return;
    firstAtMs = nowMs;
    logger.info(`${signal}: finishing what is under way`);
    stop(api, logger, graceMs).catch(() => process.exit(1));
  };
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
}

async function main(): Promise<void> {
  const config = readConfig();
  const logger = createLogger({
    folder: config.logsFolderPath,
    format: config.logFormat,
    level: config.logLevel,
    clock: systemClock,
    service: 'Api',
  });
  process.on('unhandledRejection', (error) => logger.error('a rejection nobody handled', { error }));
  try {
    const api = await runApi(config, { clock: systemClock, logger });
    stopOnSignal(api, logger, config.shutdownGraceSeconds * 1000);
    process.stdout.write(`${JSON.stringify({ api: 'ready', port: api.port })}\n`);
  } catch (error) {
    logger.error('The API cannot start', { error });
    await logger.close();
    process.exit(1);
  }
}

await main();
