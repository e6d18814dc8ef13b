import { type Clock, InvalidInputError, type Job, type Logger, TransientError, type Tube, accountIdOf, jobKindOf, tubes } from '#domain';
import { BeanstalkConnection, type PeekedState, type ReservedJob } from './beanstalk-connection.js';
import { type Endpoint, describeEndpoint, rankEndpoints } from './endpoint.js';
import {
  type JobView,
  type ServerStatistics,
  type TubeStatistics,
  toJobView,
  toServerStatistics,
  toTubeStatistics,
} from './queue-views.js';

/** What the client stands on. */
export interface QueueClientOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every server, each call anew. */
  readonly findEndpoints: () => readonly Endpoint[];
}

/** What differs from the catalogue's own; priority 0 is the most urgent. */
export interface PutJobOptions {
  readonly delaySeconds?: number;
  readonly priority?: number;
}

/** A job on one server: ids are each server's own. An id that is no number is an InvalidInputError. */
export interface JobRef {
  /** As in {@link JobView}; left out, every server is asked. */
  readonly server?: string | undefined;
  readonly id: string;
}

/** A server that failed is left alone for so long before it is tried again. */
const SHUN_MS = 1_000;

/** Puts jobs and looks after tubes. Connects when first used and again when a connection was lost. */
export class QueueClient {
  private readonly connections = new Map<string, Promise<BeanstalkConnection>>();
  private readonly shunned = new Map<string, number>();

  constructor(private readonly options: QueueClientOptions) {}

  /**
   * Puts a job and returns its id once a server has it. Jobs of one account go to one server while that lives, else to the
   * next. Throws TransientError `queue_unavailable` when none takes it.
   */
  async put(job: Job, { delaySeconds = 0, priority }: PutJobOptions = {}): Promise<string> {
    const kind = jobKindOf(job.tube);
    const body = Buffer.from(JSON.stringify(job.payload));
    const options = { priority: priority ?? kind.priority, delaySeconds, ttrSeconds: kind.ttrSeconds };
    const ranked = rankEndpoints(this.options.findEndpoints(), String(accountIdOf(job) ?? job.tube));
    return this.onFirst(this.liveFirst(ranked), (connection) => connection.put(job.tube, body, options));
  }

  /** Counters of every tube on every server that answers; a tube without jobs and workers has zeros. */
  async listTubeStatistics(): Promise<TubeStatistics[]> {
    const perServer = await this.onEach(async (connection) => {
      const all: TubeStatistics[] = [];
      for (const tube of tubes) all.push(toTubeStatistics(connection.name, tube, await connection.statsTube(tube)));
      return all;
    });
    return perServer.flat();
  }

  /** Every server that answers. */
  async listServerStatistics(): Promise<ServerStatistics[]> {
    return this.onEach(async (connection) => toServerStatistics(connection.name, await connection.stats()));
  }

  /** The job of the tube that is next in that state, of every server that has one. beanstalkd shows no further ones. */
  async peek(tube: Tube, state: PeekedState): Promise<JobView[]> {
    const found = await this.onEach(async (connection) => view(connection, await connection.peek(tube, state)));
    return found.filter((job) => job !== undefined);
  }

  /** The jobs with that id, one of each server at most. */
  async findJobs({ server, id }: JobRef): Promise<JobView[]> {
    assertJobId(id);
    const found = await this.onEach(async (connection) => view(connection, await connection.peekJob(id)), server);
    return found.filter((job) => job !== undefined);
  }

  /** Kicks up to `bound` jobs of the tube on every server: buried ones, or delayed ones where none is buried. Returns how many. */
  async kick(tube: Tube, bound: number): Promise<number> {
    const kicked = await this.onEach((connection) => connection.kick(tube, bound));
    return kicked.reduce((sum, count) => sum + count, 0);
  }

  /** Makes buried or delayed jobs with that id ready; returns how many. */
  async kickJobs({ server, id }: JobRef): Promise<number> {
    assertJobId(id);
    return countTrue(await this.onEach((connection) => connection.kickJob(id), server));
  }

  /** Deletes jobs with that id that nobody holds; returns how many. */
  async deleteJobs({ server, id }: JobRef): Promise<number> {
    assertJobId(id);
    return countTrue(await this.onEach((connection) => connection.delete(id), server));
  }

  /** Sets up to `bound` ready jobs of the tube aside on every server, until they are kicked; returns how many. */
  async bury(tube: Tube, bound: number): Promise<number> {
    const { clock } = this.options;
    const buried = await this.onEachEndpoint(async (endpoint) => buryReady(endpoint, clock, { tube, bound }));
    return buried.reduce((sum, count) => sum + count, 0);
  }

  /** Keeps the tube's jobs from being reserved for so long, on every server that has it; 0 resumes. Returns on how many servers. */
  async pause(tube: Tube, seconds: number): Promise<number> {
    return countTrue(await this.onEach((connection) => connection.pause(tube, seconds)));
  }

  /** Whether one server at least answers. Never throws. */
  async isReady(): Promise<boolean> {
    const answers = await Promise.allSettled(
      this.options.findEndpoints().map((endpoint) => this.use(endpoint, (connection) => connection.listTubes())),
    );
    return answers.some(({ status }) => status === 'fulfilled');
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const opened = [...this.connections.values()];
    this.connections.clear();
    for (const connection of await Promise.allSettled(opened)) {
      if (connection.status === 'fulfilled') connection.value.close();
    }
  }

  private liveFirst(endpoints: readonly Endpoint[]): Endpoint[] {
    const now = this.options.clock.nowMs();
    const isShunned = (endpoint: Endpoint) => (this.shunned.get(describeEndpoint(endpoint)) ?? 0) > now;
    return [...endpoints.filter((endpoint) => !isShunned(endpoint)), ...endpoints.filter(isShunned)];
  }

  private async onFirst<Result>(
    endpoints: readonly Endpoint[],
    work: (connection: BeanstalkConnection) => Promise<Result>,
  ): Promise<Result> {
    let failure: unknown;
    for (const endpoint of endpoints) {
      try {
        return await this.use(endpoint, work);
      } catch (error) {
        failure = error;
        this.shunned.set(describeEndpoint(endpoint), this.options.clock.nowMs() + SHUN_MS);
      }
    }
    throw new TransientError('no queue server takes the job', { code: 'queue_unavailable', cause: failure });
  }

  private async onEach<Result>(work: (connection: BeanstalkConnection) => Promise<Result>, server?: string): Promise<Result[]> {
    return this.onEachEndpoint((endpoint) => this.use(endpoint, work), server);
  }

  /** Results of those that answer. Throws TransientError `queue_unavailable` when none does, InvalidInputError when there is no such server. */
  private async onEachEndpoint<Result>(work: (endpoint: Endpoint) => Promise<Result>, server?: string): Promise<Result[]> {
    const endpoints = this.options.findEndpoints().filter((endpoint) => server === undefined || describeEndpoint(endpoint) === server);
    if (server !== undefined && endpoints.length === 0) throw unknownServer();
    const results = await Promise.allSettled(endpoints.map(work));
    const fulfilled = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    if (fulfilled.length > 0) return fulfilled;
    const cause = results.find((result) => result.status === 'rejected')?.reason as unknown;
    throw new TransientError('no queue server answers', { code: 'queue_unavailable', cause });
  }

  /** A connection that dies in the first call after a silence is replaced once: the server may have been restarted meanwhile. */
  private async use<Result>(endpoint: Endpoint, work: (connection: BeanstalkConnection) => Promise<Result>): Promise<Result> {
    const known = this.connections.get(describeEndpoint(endpoint));
    const connection = await this.connect(endpoint);
    try {
      return await work(connection);
    } catch (error) {
      if (connection.isOpen || !known) throw error;
      return work(await this.connect(endpoint));
    }
  }

  private async connect(endpoint: Endpoint): Promise<BeanstalkConnection> {
    const name = describeEndpoint(endpoint);
    const known = this.connections.get(name);
    if (known) return known;
    const opening = BeanstalkConnection.open(endpoint, this.options.clock);
    this.connections.set(name, opening);
    const forget = () => {
      if (this.connections.get(name) === opening) this.connections.delete(name);
    };
    opening.then((connection) => connection.whenClosed(forget), forget);
    return opening;
  }
}

const unknownServer = () =>
  new InvalidInputError('there is no such queue server', {
    code: 'unknown_queue_server',
    fields: [{ field: 'server', problem: 'is not one of BEANSTALK_URL' }],
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

/** On a connection of its own, which watches the tube: reserving is the only way to bury. */
async function buryReady(endpoint: Endpoint, clock: Clock, { tube, bound }: { tube: Tube; bound: number }): Promise<number> {
  const connection = await BeanstalkConnection.open(endpoint, clock);
  try {
    await connection.watchOnly(tube);
    let count = 0;
    for (; count < bound; count += 1) {
      const job = await connection.reserve(0);
      if (!job) break;
      await connection.bury(job.id, jobKindOf(tube).priority);
    }
    return count;
  } finally {
    connection.close();
  }
}
