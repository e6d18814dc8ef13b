export * from './config.js';
export * from './config-or-exit.js';
export * from './embedded-queue.js';
export * from './environment.js';
export * from './stop-signals.js';
export type { BeanstalkEndpoint, BeanstalkTarget, DatabaseTarget } from './targets.js';
