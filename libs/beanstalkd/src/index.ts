export {
  type BeanstalkServer,
  type BeanstalkServerOptions,
  emulatedVersion,
  type ListenAddress,
  startBeanstalkServer,
} from './net/beanstalk-server.js';
export { DirectoryLock, DirectoryLockedError } from './binlog/directory-lock.js';
export { limitYoungGeneration } from './young-generation.js';
