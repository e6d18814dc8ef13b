export {
  type BeanstalkServer,
  type BeanstalkServerOptions,
  emulatedVersion,
  type ListenAddress,
  startBeanstalkServer,
} from './net/beanstalk-server.js';
export { DirectoryLockedError } from './binlog/directory-lock.js';
