import { type Clock, type Logger, TransientError } from '#domain';
import type { Endpoint } from './endpoint.js';
import { type BuriedJob, TubeLoop } from './tube-loop.js';
import { type TubeWorker, assertEveryTubeHasOneWorker } from './tube-worker.js';

/** What the host stands on. */
export interface TubeWorkerHostOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every server, each call anew. The constructor asks how many there are, at least one: that does not change. */
  readonly findEndpoints: () => readonly Endpoint[];
  /** Keeps a buried job's reason where the operator sees it. Its failure keeps the job from being buried. */
  readonly onBuried: (job: BuriedJob) => Promise<void>;
  readonly random?: () => number;
}

/** Runs workers over every server until it is stopped. */
export class TubeWorkerHost {
  private readonly loops: readonly TubeLoop[];

  /** Throws BugError when a tube has no worker or two. */
  constructor(workers: readonly TubeWorker[], options: TubeWorkerHostOptions) {
    assertEveryTubeHasOneWorker(workers);
    const count = Math.max(1, options.findEndpoints().length);
    this.loops = Array.from({ length: count }, (_, server) => server).flatMap((server) =>
      workers.flatMap((worker) => Array.from({ length: worker.concurrency }, () => new TubeLoop(worker, toLoopOptions(options, server)))),
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

const toLoopOptions = (options: TubeWorkerHostOptions, server: number) => ({
  clock: options.clock,
  logger: options.logger,
  onBuried: options.onBuried,
  random: options.random ?? Math.random,
  findEndpoint: () => {
    const endpoint = options.findEndpoints()[server];
    if (!endpoint) throw new TransientError('the queue server is not running', { code: 'queue_unavailable' });
    return endpoint;
  },
});
