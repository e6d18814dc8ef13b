import { Injectable } from '@nestjs/common';
import { FailureStore } from '#database';
import { Clock, TransientError, toIsoTime } from '#domain';
import { type JobView, type PeekedState, QueueClient, type RatedTube, type ServerState, TubeRates, type TubeStatistics } from '#queue';
import type { Tube } from '#domain';
import type {
  BuryReason,
  JobResponse,
  JobState,
  PeekResponse,
  QueueServerResponse,
  QueuesResponse,
  TubeResponse,
} from './operations-responses.js';

const PEEKED_STATES: readonly PeekedState[] = ['buried', 'ready', 'delayed'];

const toTubeResponse = ({
  pausedSecondsLeft,
  jobsPut,
  jobsDeleted,
  putsPerSecond,
  deletesPerSecond,
  ...tube
}: RatedTube): TubeResponse => ({
  ...tube,
  paused_seconds_left: pausedSecondsLeft,
  jobs_put: jobsPut,
  jobs_deleted: jobsDeleted,
  puts_per_second: putsPerSecond,
  deletes_per_second: deletesPerSecond,
});

const unknown = {
  problem: null,
  version: null,
  uptime_seconds: null,
  connections: null,
  workers: null,
  jobs_put: null,
  job_timeouts: null,
  is_draining: null,
};

/** The view of a queue server. */
export function toServerResponse(state: ServerState): QueueServerResponse {
  if (!state.isUp) return { ...unknown, server: state.server, is_up: false, problem: state.problem };
  return {
    server: state.server,
    is_up: true,
    problem: null,
    version: state.version,
    uptime_seconds: state.uptimeSeconds,
    connections: state.connections,
    workers: state.workers,
    jobs_put: state.jobsPut,
    job_timeouts: state.jobTimeouts,
    is_draining: state.isDraining,
  };
}

const toJobResponse = (job: JobView, reason: BuryReason | null): JobResponse => ({
  server: job.server,
  job_id: job.id,
  tube: job.tube,
  state: job.state as JobState,
  body: job.body,
  priority: job.priority,
  age_seconds: job.ageSeconds,
  seconds_left: job.timeLeftSeconds,
  reserves: job.reserves,
  releases: job.releases,
  timeouts: job.timeouts,
  buries: job.buries,
  kicks: job.kicks,
  buried_because: reason,
});

/** Reads the queue for the operator. */
@Injectable()
export class QueueStatus {
  private readonly rates = new TubeRates();

  constructor(
    private readonly queue: QueueClient,
    private readonly failures: FailureStore,
    private readonly clock: Clock,
  ) {}

  /** Reads every tube and every server. A server that does not reply is named. Never throws TransientError. */
  async read(): Promise<QueuesResponse> {
    const [servers, tubes] = await Promise.all([this.queue.listServers(), this.listTubes()]);
    return { queues: this.rates.add(tubes, this.clock.nowMs()).map(toTubeResponse), servers: servers.map(toServerResponse) };
  }

  /** Shows the next job of the tube in one state or in each, on each server. Throws TransientError `queue_unavailable`. */
  async peek(tube: Tube, state: PeekedState | undefined): Promise<PeekResponse> {
    const states = state === undefined ? PEEKED_STATES : [state];
    const found: JobView[] = [];
    for (const each of states) found.push(...(await this.queue.peek(tube, each)));
    return { jobs: await Promise.all(found.map(async (job) => toJobResponse(job, await this.findReason(job)))) };
  }

  private async listTubes(): Promise<TubeStatistics[]> {
    try {
      return await this.queue.listTubeStatistics();
    } catch (error) {
      if (error instanceof TransientError) return [];
      throw error;
    }
  }

  private async findReason({ state, server, id }: JobView): Promise<BuryReason | null> {
    const failure = state === 'buried' ? await this.failures.findLast({ server, jobId: Number(id) }) : undefined;
    return failure ? { code: failure.code, reason: failure.reason, failed_at: toIsoTime(failure.failedAt) } : null;
  }
}
