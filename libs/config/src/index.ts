export { Config, loadConfig } from './config.js';
export { ConfigModule } from './config.module.js';
export {
  EX_CONFIG,
  exitAfterFailedStart,
  exitIfGivenArguments,
  exitIfMisconfigured,
  loadConfigOrExit,
  loadPrivateConfig,
} from './config-or-exit.js';
export {
  embeddedQueueAddressFile,
  embeddedQueuePortFile,
  embeddedQueueSocketFinder,
  findEmbeddedQueueSocket,
  toQueueAddress,
} from './embedded-queue.js';
export { bareEnvironment, childEnvironment, type Environment, withDotEnv } from './environment.js';
export { findProjectFolder } from './project-folder.js';
export { type UnknownVariable, findUnknownVariables } from './unknown-variables.js';
export { readServiceVersion } from './service-version.js';
export { onStopSignals } from './stop-signals.js';
export { parseDatabaseUrl } from './targets.js';
export type { BeanstalkEndpoint, BeanstalkTarget, DatabaseTarget } from './targets.js';
export { collectGarbageOfStart, holdYoungGeneration, releaseYoungGeneration } from './start-memory.js';
