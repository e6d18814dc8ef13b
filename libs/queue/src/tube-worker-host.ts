import { Injectable } from '@nestjs/common';
import { Clock, Logger, WorkMeter } from '#domain';
import { BuriedJobRecorder } from './buried-job.js';
import { EndpointFinder } from './endpoint-finder.js';
import { JobLedger } from './held-job.js';
import { queueUnavailable } from './queue-errors.js';
import { TubeLoop } from './tube-loop.js';
import type { RegisteredWorker } from './tube-worker-registry.js';

/**
 * Runs tube workers over every queue server until it is stopped. While a server is unavailable, only its own jobs wait. A job
 * that still runs after its connection was lost does not start a second time in this process before it has ended.
 */
@Injectable()
export class TubeWorkerHost {
  private loops: readonly TubeLoop[] = [];

  constructor(
    private readonly endpoints: EndpointFinder,
    private readonly buriedJobs: BuriedJobRecorder,
    private readonly meter: WorkMeter,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Starts reserving jobs. The number of queue servers must not change afterwards; where they listen may. Call it once. */
  start(workers: readonly RegisteredWorker[]): void {
    const serverCount = Math.max(1, this.endpoints.find().length);
    const servers = Array.from({ length: serverCount }, (_, index) => index);
    const ledger = new JobLedger();
    this.loops = workers.flatMap((worker) => servers.flatMap((server) => this.createLoops(worker, server, ledger)));
    for (const loop of this.loops) loop.start();
  }

  /** Stops reserving, waits at most `graceMs` for running jobs to reach a safe point, then gives them back to the queue. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop(graceMs)));
  }

  private createLoops(worker: RegisteredWorker, server: number, ledger: JobLedger): TubeLoop[] {
    const { clock, logger, buriedJobs, meter } = this;
    const findEndpoint = () => {
      const endpoint = this.endpoints.find()[server];
      if (!endpoint) throw queueUnavailable('the queue server is not running');
      return endpoint;
    };
    const options = { worker, clock, logger, buriedJobs, ledger, meter, serverKey: String(server), findEndpoint };
    return Array.from({ length: worker.concurrency }, () => new TubeLoop(options));
  }
}
