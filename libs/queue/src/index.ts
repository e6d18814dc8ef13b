export { BeanstalkReplyError, type ReservedJob } from './beanstalk-connection.js';
export { type Endpoint } from './endpoint.js';
export { type PutJobOptions, QueueClient, type QueueClientOptions, type TubeStatistics } from './queue-client.js';
export { type BuriedJob } from './tube-loop.js';
export { type JobContext, TubeWorker, assertEveryTubeHasOneWorker } from './tube-worker.js';
export { TubeWorkerHost, type TubeWorkerHostOptions } from './tube-worker-host.js';
