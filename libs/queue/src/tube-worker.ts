import { DiscoveryService } from '@nestjs/core';
import type { JobPayload, RetryPolicy, TtrSeconds, Tube } from '#domain';
import type { JobAddress } from './queue-views.js';

/** What a running job gets beside its payload. */
export interface JobContext {
  /** The job's server and id. */
  readonly job: JobAddress;
  /** Aborted when the process stops or this worker no longer holds the job. Stop at the next safe point then. */
  readonly signal: AbortSignal;
  /** Asks the queue server whether a worker has reserved the job before. Throws TransientError when the server is unavailable. */
  readonly isRetry: () => Promise<boolean>;
}

/** Options of a tube worker. */
export interface TubeWorkerOptions<T extends Tube = Tube> {
  readonly tube: T;
  /** The job catalogue's number (`libs/domain/src/jobs.ts`), with which producers put jobs. Another number does not compile. */
  readonly ttrSeconds: TtrSeconds<T>;
  /** How many jobs of the tube this process runs at the same time, per queue server. */
  readonly concurrency: number;
  /** When a failed job is tried again, and when it is buried. */
  readonly retry: RetryPolicy;
}

/**
 * A class that runs the jobs of one tube. An error that `process` throws decides between retry, bury and delete, see
 * `decideDisposition`. A job may run twice, also at the same time in two processes: `process` must be idempotent.
 */
export interface JobProcessor<T extends Tube = Tube> {
  /** A property, not a method: its payload is then checked against the tube. */
  readonly process: (payload: JobPayload<T>, context: JobContext) => Promise<void>;
}

type JobProcessorClass<T extends Tube> = abstract new (...dependencies: never[]) => JobProcessor<T>;

/** Stores the options of {@link TubeWorker} on the class, where Nest's DiscoveryService finds them. */
export const TubeWorkerMetadata = DiscoveryService.createDecorator<TubeWorkerOptions>();

/**
 * Makes a provider class the worker of a tube. The host does the rest: it reserves, validates the payload, touches the job while
 * `process` runs, then deletes, releases or buries it. The payload type of `process` must be the tube's.
 */
export const TubeWorker =
  <const T extends Tube>(options: TubeWorkerOptions<T>) =>
  (target: JobProcessorClass<T>): void => {
    TubeWorkerMetadata(options)(target);
  };
