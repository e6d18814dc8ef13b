import type { LoggerService } from '@nestjs/common';
import type { Logger } from '#domain';

/** Lets Nest write into our log; its start-up chatter is for debugging only. */
export const toNestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown) => logger.debug(String(message)),
  error: (message: unknown, ...details: unknown[]) => logger.error(String(message), { details }),
  warn: (message: unknown) => logger.warn(String(message)),
});
