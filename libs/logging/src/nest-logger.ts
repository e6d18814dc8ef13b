import type { LoggerService } from '@nestjs/common';
import type { Logger } from '#domain';

/** Nest logs an error of the start under this name and throws it again. The main program reports it. */
const START_FAILURE = 'ExceptionHandler';

/** Returns a logger for Nest itself that writes to ours. Nest's `log` becomes `debug`. */
export const toNestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown) => logger.debug(String(message)),
  error: (message: unknown, ...details: unknown[]) => {
    if (details.at(-1) !== START_FAILURE) logger.error(String(message), { details });
  },
  warn: (message: unknown) => logger.warn(String(message)),
});
