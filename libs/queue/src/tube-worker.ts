import { BugError, type JobPayload, type Tube, tubes } from '#domain';
import type { JobAddress } from './queue-views.js';

/** What a running job may ask of its surroundings. */
export interface JobContext {
  readonly job: JobAddress;
  /** Aborted when the process stops or the job is held no more, its connection lost or its time over: stop at the next safe point. */
  readonly signal: AbortSignal;
  /** Whether a worker took the job before, whatever came of it. Asks the queue server; throws TransientError when that is lost. */
  readonly isRetry: () => Promise<boolean>;
}

/**
 * Works the jobs of one tube. The host does the rest: reserving, reading the body, touching while `process` runs, deleting
 * on success, releasing or burying by the kind of error.
 */
export abstract class TubeWorker<T extends Tube = Tube> {
  abstract readonly tube: T;

  /** Jobs worked at the same time, per server. */
  readonly concurrency: number = 1;

  /**
   * Does the job; what it throws decides what becomes of it (`decideDisposition` in the domain). A job may come twice, also at
   * the same time in another process: its effects must bear that.
   */
  abstract process(payload: JobPayload<T>, context: JobContext): Promise<void>;
}

/** Throws BugError unless every tube of the catalogue has exactly one worker. */
export function assertEveryTubeHasOneWorker(workers: readonly { readonly tube: Tube }[]): void {
  for (const tube of tubes) {
    const count = workers.filter((worker) => worker.tube === tube).length;
    if (count !== 1) throw new BugError(`the tube ${tube} has ${count} workers, not one`, { code: 'workers_miswired' });
  }
}
