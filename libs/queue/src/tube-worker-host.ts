import type { Clock, Logger } from '#domain';
import type { Endpoint } from './endpoint.js';
import type { BuriedJob } from './held-job.js';
import { JobLedger } from './job-ledger.js';
import { queueUnavailable } from './queue-errors.js';
import { TubeLoop, type TubeLoopOptions } from './tube-loop.js';
import { type TubeWorker, assertEveryTubeHasOneWorker } from './tube-worker.js';

/** What the host stands on. */
export interface TubeWorkerHostOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every server, each call anew. The constructor asks how many there are, at least one: that does not change. */
  readonly findEndpoints: () => readonly Endpoint[];
  /** Keeps a buried job's reason where the operator sees it. When it fails the job is not buried but tried again. */
  readonly onBuried: (job: BuriedJob) => Promise<void>;
  /** Between 0 and 1; Math.random unless given. */
  readonly random?: () => number;
}

/**
 * Runs workers over every server until it is stopped. A server that is away takes only its own jobs with it. A job whose
 * connection was lost while it runs does not begin a second time in this process before it has ended.
 */
export class TubeWorkerHost {
  private readonly loops: readonly TubeLoop[];

  /** Throws BugError when a tube has no worker or two. */
  constructor(workers: readonly TubeWorker[], options: TubeWorkerHostOptions) {
    assertEveryTubeHasOneWorker(workers);
    const servers = Math.max(1, options.findEndpoints().length);
    const toLoopOptions = loopOptionsOf(options, new JobLedger());
    const places = workers.flatMap((worker) => Array.from({ length: servers }, (_, server) => ({ worker, server })));
    this.loops = places.flatMap(({ worker, server }) =>
      Array.from({ length: worker.concurrency }, () => new TubeLoop(toLoopOptions(worker, server))),
    );
  }

  /** Begins to reserve; a second call changes nothing. */
  start(): void {
    for (const loop of this.loops) loop.start();
  }

  /** Stops reserving, lets running jobs come to a safe point for at most `graceMs`, then gives them back to the queue. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop(graceMs)));
  }
}

const loopOptionsOf =
  ({ clock, logger, onBuried, random = Math.random, findEndpoints }: TubeWorkerHostOptions, ledger: JobLedger) =>
  (worker: TubeWorker, server: number): TubeLoopOptions => ({
    worker,
    clock,
    logger,
    onBuried,
    random,
    ledger,
    serverKey: String(server),
    findEndpoint: () => {
      const endpoint = findEndpoints()[server];
      if (!endpoint) throw queueUnavailable('the queue server is not running');
      return endpoint;
    },
  });
