export * from './config.js';
export * from './embedded-queue.js';
export * from './environment.js';
export type { BeanstalkEndpoint, BeanstalkTarget, DatabaseTarget } from './targets.js';
