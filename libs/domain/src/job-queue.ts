import type { Job } from './jobs.js';

/** What differs from the tube's own parameters in the job catalogue. */
export interface PutJobOptions {
  /** Whole seconds before the job becomes ready; 0 unless given. */
  readonly delaySeconds?: number;
  /** As in beanstalkd: 0 is the most urgent. */
  readonly priority?: number;
}

/**
 * Puts jobs into the queue. An abstract class, so that it is its own injection token; a plain object with `put` is a JobQueue too.
 * A lost job costs time only: the sweep enqueues it again.
 */
export abstract class JobQueue {
  /** Resolves once a queue server has the job. Throws TransientError `queue_unavailable` when no server takes it. */
  abstract put(job: Job, options?: PutJobOptions): Promise<unknown>;
}
