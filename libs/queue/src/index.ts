export { BeanstalkReplyError, type PeekedState } from './beanstalk-connection.js';
export { type Endpoint } from './endpoint.js';
export { type JobRef, type PutJobOptions, QueueClient, type QueueClientOptions } from './queue-client.js';
export { type JobView, type ServerStatistics, type TubeStatistics } from './queue-views.js';
export { type BuriedJob } from './tube-loop.js';
export { type JobContext, TubeWorker, assertEveryTubeHasOneWorker } from './tube-worker.js';
export { TubeWorkerHost, type TubeWorkerHostOptions } from './tube-worker-host.js';
