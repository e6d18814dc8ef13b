import { InvalidInputError, type Job, type PutJobOptions, type Tube, accountIdOf, jobKindOf, tubes } from '#domain';
import type { BeanstalkConnection, PeekedState, ReservedJob } from './beanstalk-connection.js';
import { ConnectionPool, type ConnectionPoolOptions, type ServerReply } from './connection-pool.js';
import {
  type JobAddress,
  type JobView,
  type ServerState,
  type TubeStatistics,
  toJobView,
  toServerState,
  toTubeStatistics,
} from './queue-views.js';

/** What the client stands on. */
export type QueueClientOptions = ConnectionPoolOptions;

/** Which jobs are meant. An id that is no number is an InvalidInputError `invalid_job_id`. */
export interface JobRef {
  /** As in {@link JobAddress}; left out, every server is asked. One that is not ours is an InvalidInputError `unknown_queue_server`. */
  readonly server?: string | undefined;
  readonly id: string;
}

/**
 * Puts jobs and looks after tubes. Connects when first used and again when a connection was lost.
 *
 * What asks several servers gives what those say that answer, and throws TransientError `queue_unavailable` when none does; a
 * server that says nothing for five seconds does not answer. A action whose answer is lost may be done and not counted.
 */
export class QueueClient {
  private readonly pool: ConnectionPool;

  constructor(options: QueueClientOptions) {
    this.pool = new ConnectionPool(options);
  }

  /**
   * Puts a job and returns its name once a server has it. Jobs of one account go to one server while that lives, else to the
   * next. When an answer is lost the job is put again: it may come twice, which every worker bears. Throws TransientError
   * `queue_unavailable` when no server takes it, BugError `queue_misused` when none ever will (too large a body).
   */
  async put(job: Job, { delaySeconds = 0, priority }: PutJobOptions = {}): Promise<JobAddress> {
    const kind = jobKindOf(job.tube);
    const body = Buffer.from(JSON.stringify(job.payload));
    const options = { priority: priority ?? kind.priority, delaySeconds, ttrSeconds: kind.ttrSeconds };
    return this.pool.onFirst(String(accountIdOf(job) ?? job.tube), async (connection) => ({
      server: connection.name,
      id: await connection.put(job.tube, body, options),
    }));
  }

  /** Names of all tubes that have jobs or somebody who uses them, strangers' too. */
  async listTubes(): Promise<string[]> {
    const names = await this.pool.onEach((connection) => connection.listTubes());
    return [...new Set(names.flat())].sort();
  }

  /** Counters of these tubes (of ours, unless given) on every server; a tube without jobs and workers has zeros. */
  async listTubeStatistics(names: readonly string[] = tubes): Promise<TubeStatistics[]> {
    const perServer = await this.pool.onEach((connection) =>
      Promise.all(names.map(async (name) => toTubeStatistics(connection.name, name, await connection.statsTube(name)))),
    );
    return perServer.flat();
  }

  /** Every server, also one that does not answer. Never throws. */
  async listServers(): Promise<ServerState[]> {
    const answers = await this.pool.askEach((connection) => connection.stats());
    return answers.map((answer) => ('value' in answer ? toServerState(answer.server, answer.value) : toSilentServer(answer)));
  }

  /** The job of the tube that is next in that state, of every server that has one. beanstalkd shows no further ones. */
  async peek(tube: Tube, state: PeekedState): Promise<JobView[]> {
    const found = await this.pool.onEach(async (connection) => view(connection, await connection.peek(tube, state)));
    return found.filter((job) => job !== undefined);
  }

  /** The jobs with that id, one of each server at most. */
  async findJobs({ server, id }: JobRef): Promise<JobView[]> {
    assertJobId(id);
    const found = await this.pool.onEach(async (connection) => view(connection, await connection.peekJob(id)), server);
    return found.filter((job) => job !== undefined);
  }

  /** Kicks up to `bound` jobs of the tube on every server: buried ones, or delayed ones where none is buried. Returns how many. */
  async kick(tube: Tube, bound: number): Promise<number> {
    const kicked = await this.pool.onEach((connection) => connection.kick(tube, bound));
    return kicked.reduce((sum, count) => sum + count, 0);
  }

  /** Makes buried or delayed jobs with that id ready; returns how many. */
  async kickJobs(ref: JobRef): Promise<number> {
    return this.onEachWith(ref, (connection) => connection.kickJob(ref.id));
  }

  /** Deletes jobs with that id that nobody holds; returns how many. */
  async deleteJobs(ref: JobRef): Promise<number> {
    return this.onEachWith(ref, (connection) => connection.delete(ref.id));
  }

  /** Sets jobs with that id aside that nobody holds, until they are kicked; returns how many. */
  async buryJobs(ref: JobRef): Promise<number> {
    return this.onEachWith(ref, (connection) => buryJob(connection, ref.id));
  }

  /** Sets up to `bound` ready jobs of the tube aside on every server, until they are kicked; returns how many. */
  async bury(tube: Tube, bound: number): Promise<number> {
    const buried = await this.pool.onEach((connection) => buryReady(connection, tube, bound));
    return buried.reduce((sum, count) => sum + count, 0);
  }

  /** Keeps the tube's jobs from being reserved for so long, on every server that has it; 0 resumes. Returns on how many servers. */
  async pause(tube: Tube, seconds: number): Promise<number> {
    return countTrue(await this.pool.onEach((connection) => connection.pause(tube, seconds)));
  }

  /** Whether one server at least answers; says so as soon as it does. Never throws. */
  async isReady(): Promise<boolean> {
    return this.pool.doesOneAnswer((connection) => connection.listTubes());
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    await this.pool.close();
  }

  private async onEachWith({ server, id }: JobRef, work: (connection: BeanstalkConnection) => Promise<boolean>): Promise<number> {
    assertJobId(id);
    return countTrue(await this.pool.onEach(work, server));
  }
}

const toSilentServer = ({ server, error }: Extract<ServerReply<unknown>, { readonly error: unknown }>): ServerState => ({
  server,
  isUp: false,
  problem: error instanceof Error ? error.message : String(error),
});

function assertJobId(id: string): void {
  if (/^\d{1,19}$/.test(id)) return;
  throw new InvalidInputError('there is no such job id', {
    code: 'invalid_job_id',
    fields: [{ field: 'id', problem: 'must be a number' }],
  });
}

const countTrue = (answers: readonly boolean[]): number => answers.filter(Boolean).length;

/** Undefined when there is no job, or it went meanwhile. */
async function view(connection: BeanstalkConnection, job: ReservedJob | undefined): Promise<JobView | undefined> {
  const statistics = job && (await connection.statsJob(job.id));
  return job && statistics && toJobView(connection.name, job, statistics);
}

/** Only who holds a job can bury it; its priority stays. False: there is no such job, or somebody else holds it. */
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
