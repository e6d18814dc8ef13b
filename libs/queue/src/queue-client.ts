import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  Clock,
  InvalidInputError,
  type Job,
  type JobQueue,
  Logger,
  type PutJobOptions,
  type Tube,
  accountIdOf,
  jobKindOf,
  tubes,
} from '#domain';
import type { BeanstalkConnection, PeekedState, ReservedJob } from './beanstalk-connection.js';
import { ConnectionPool, type ServerReply } from './connection-pool.js';
import { EndpointFinder } from './endpoint-finder.js';
import {
  type JobAddress,
  type JobView,
  type ServerState,
  type TubeStatistics,
  toJobView,
  toServerState,
  toTubeStatistics,
} from './queue-views.js';

/** The longest pause of a tube that beanstalkd accepts: 136 years. */
export const MAX_PAUSE_SECONDS = 2 ** 32 - 1;

/** Names the jobs of a call. The call throws InvalidInputError `invalid_job_id` when the id is not a number. */
export interface JobRef {
  /** As in {@link JobAddress}; every server unless given. The call throws InvalidInputError `unknown_queue_server` for an unknown one. */
  readonly server?: string | undefined;
  readonly id: string;
}

/**
 * Puts jobs, and shows and changes tubes for an operator. Connects at the first call and again after a loss.
 *
 * A call to several servers returns the results of those that reply, and throws TransientError `queue_unavailable` when none
 * does within five seconds. When a reply is lost, the server may have done what the result does not count.
 */
@Injectable()
export class QueueClient implements JobQueue, OnApplicationShutdown {
  private readonly pool: ConnectionPool;

  constructor(endpoints: EndpointFinder, clock: Clock, logger: Logger) {
    this.pool = new ConnectionPool(endpoints, clock, logger);
  }

  /**
   * Puts a job and returns its address once a server has it. All jobs of an account go to one server while that is available,
   * else to the next. When a reply is lost the job is put again: it may run twice. Throws TransientError `queue_unavailable`
   * when no server accepts it, BugError `queue_misused` when no server ever will (the body is too large).
   */
  async put(job: Job, { delaySeconds = 0, priority }: PutJobOptions = {}): Promise<JobAddress> {
    const kind = jobKindOf(job.tube);
    const body = Buffer.from(JSON.stringify(job.payload));
    const options = { priority: priority ?? kind.priority, delaySeconds, ttrSeconds: kind.ttrSeconds };
    return this.pool.runOnFirst(String(accountIdOf(job) ?? job.tube), async (connection) => ({
      server: connection.name,
      id: await connection.put(job.tube, body, options),
    }));
  }

  /** The names of all tubes that have jobs or clients, also of tubes that are not ours. */
  async listTubes(): Promise<string[]> {
    const names = await this.pool.collect((connection) => connection.listTubes());
    return [...new Set(names.flat())].sort();
  }

  /** The counters of these tubes (ours unless given) on every server; zeros for a tube without jobs and clients. */
  async listTubeStatistics(names: readonly string[] = tubes): Promise<TubeStatistics[]> {
    const perServer = await this.pool.collect((connection) =>
      Promise.all(names.map(async (name) => toTubeStatistics(connection.name, name, await connection.statsTube(name)))),
    );
    return perServer.flat();
  }

  /** The state of every server, also of one that does not reply. Never throws. */
  async listServers(): Promise<ServerState[]> {
    const replies = await this.pool.runOnEach((connection) => connection.stats());
    return replies.map((reply) => ('value' in reply ? toServerState(reply.server, reply.value) : toFailedServer(reply)));
  }

  /** The tube's next job in that state on each server that has one. beanstalkd does not show the jobs behind it. */
  async peek(tube: Tube, state: PeekedState): Promise<JobView[]> {
    const found = await this.pool.collect(async (connection) => view(connection, await connection.peek(tube, state)));
    return found.filter((job) => job !== undefined);
  }

  /** The jobs with that id, at most one per server. */
  async findJobs({ server, id }: JobRef): Promise<JobView[]> {
    assertJobId(id);
    const found = await this.pool.collect(async (connection) => view(connection, await connection.peekJob(id)), server);
    return found.filter((job) => job !== undefined);
  }

  /** Kicks up to `bound` jobs of the tube on each server: buried ones, or delayed ones where none is buried. Returns how many. */
  async kick(tube: Tube, bound: number): Promise<number> {
    const kicked = await this.pool.collect((connection) => connection.kick(tube, bound));
    return kicked.reduce((sum, count) => sum + count, 0);
  }

  /** Makes the buried or delayed jobs with that id ready. Returns how many. */
  async kickJobs(ref: JobRef): Promise<number> {
    return this.countEach(ref, (connection) => connection.kickJob(ref.id));
  }

  /** Deletes the jobs with that id that no worker holds. Returns how many. */
  async deleteJobs(ref: JobRef): Promise<number> {
    return this.countEach(ref, (connection) => connection.delete(ref.id));
  }

  /** Buries the jobs with that id that no worker holds. Returns how many. */
  async buryJobs(ref: JobRef): Promise<number> {
    return this.countEach(ref, (connection) => buryJob(connection, ref.id));
  }

  /** Buries up to `bound` ready jobs of the tube on each server. Returns how many. */
  async bury(tube: Tube, bound: number): Promise<number> {
    const buried = await this.pool.collect((connection) => buryReady(connection, tube, bound));
    return buried.reduce((sum, count) => sum + count, 0);
  }

  /** Stops reservations from the tube for `seconds`, {@link MAX_PAUSE_SECONDS} at most, on every server that has it; 0 resumes them. Returns the number of servers. */
  async pause(tube: Tube, seconds: number): Promise<number> {
    return countTrue(await this.pool.collect((connection) => connection.pause(tube, seconds)));
  }

  /** Asks every server whether it replies; returns true at the first reply. Never throws. */
  async isReady(): Promise<boolean> {
    return this.pool.succeedsOnAny((connection) => connection.listTubes());
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await this.pool.close();
  }

  /** Closes every connection when the application stops. */
  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private async countEach({ server, id }: JobRef, work: (connection: BeanstalkConnection) => Promise<boolean>): Promise<number> {
    assertJobId(id);
    return countTrue(await this.pool.collect(work, server));
  }
}

const toFailedServer = ({ server, error }: Extract<ServerReply<unknown>, { readonly error: unknown }>): ServerState => ({
  server,
  isUp: false,
  problem: error instanceof Error ? error.message : String(error),
});

function assertJobId(id: string): void {
  if (/^\d{1,19}$/.test(id)) return;
  throw new InvalidInputError('Invalid job id', {
    code: 'invalid_job_id',
    fields: [{ field: 'id', problem: 'must be a number' }],
  });
}

const countTrue = (results: readonly boolean[]): number => results.filter(Boolean).length;

/** Undefined when there is no job, or it was deleted in the meantime. */
async function view(connection: BeanstalkConnection, job: ReservedJob | undefined): Promise<JobView | undefined> {
  const statistics = job && (await connection.statsJob(job.id));
  return job && statistics && toJobView(connection.name, job, statistics);
}

/** Reserves the job, because only its holder can bury it; keeps its priority. False: unknown job, or another client holds it. */
async function buryJob(connection: BeanstalkConnection, id: string): Promise<boolean> {
  if (!(await connection.reserveJob(id))) return false;
  const statistics = await connection.statsJob(id);
  return connection.bury(id, Number(statistics?.['pri'] ?? 0));
}

async function buryReady(connection: BeanstalkConnection, tube: Tube, bound: number): Promise<number> {
  let count = 0;
  while (count < bound) {
    const next = await connection.peek(tube, 'ready');
    if (!next) break;
    if (await buryJob(connection, next.id)) count += 1;
  }
  return count;
}
