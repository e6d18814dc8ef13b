export { type PeekedState } from './beanstalk-connection.js';
export { type Endpoint } from './endpoint.js';
export { type JobRef, QueueClient, type QueueClientOptions } from './queue-client.js';
export { BeanstalkReplyError } from './queue-errors.js';
export { type JobAddress, type JobView, type ServerState, type TubeStatistics } from './queue-views.js';
export { type BuriedJob } from './held-job.js';
export { type JobContext, TubeWorker, assertEveryTubeHasOneWorker } from './tube-worker.js';
export { TubeWorkerHost, type TubeWorkerHostOptions } from './tube-worker-host.js';
