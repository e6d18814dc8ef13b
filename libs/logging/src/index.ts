export type { LogFormat, LogLevel } from './log-format.js';
export { LoggingModule } from './logging.module.js';
export { mask } from './mask.js';
export { maskText } from './mask-text.js';
export { toNestLogger } from './nest-logger.js';
export { createProcessLogger } from './process-logger.js';
export { type RequestRecord, ServiceLogger } from './service-logger.js';
export { createLogger, type LoggerOptions } from './winston-logger.js';
