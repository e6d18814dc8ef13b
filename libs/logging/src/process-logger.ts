import type { Config } from '#config';
import type { Clock } from '#domain';
import { collectSecrets } from './exact-secrets.js';
import type { ServiceLogger } from './service-logger.js';
import { createLogger } from './winston-logger.js';

/** Creates the logger of a process as the configuration says. `service` is its name in the log, e.g. `Api`. */
export const createProcessLogger = (config: Config, clock: Clock, service: string): ServiceLogger =>
  createLogger({
    folder: config.logsFolderPath,
    keepDays: config.logKeepDays,
    format: config.logFormat,
    level: config.logLevel,
    secrets: collectSecrets(config),
    clock,
    service,
  });
