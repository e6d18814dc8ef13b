import type { LoggerService } from '@nestjs/common';
import type { Logger } from '#domain';

/** Returns a logger for Nest itself that writes to ours. Nest's `log` becomes `debug`. */
export const toNestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown) => logger.debug(String(message)),
  error: (message: unknown, ...details: unknown[]) => logger.error(String(message), { details }),
  warn: (message: unknown) => logger.warn(String(message)),
});
