import { type Clock, type Job, type Logger, TransientError, type Tube, accountIdOf, jobKindOf, tubes } from '#domain';
import { BeanstalkConnection, BeanstalkReplyError, type ReservedJob, type Statistics } from './beanstalk-connection.js';
import { type Endpoint, describeEndpoint, rankEndpoints } from './endpoint.js';

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

/** A tube's counters on one server. */
export interface TubeStatistics {
  readonly server: string;
  readonly tube: Tube;
  readonly ready: number;
  readonly reserved: number;
  readonly delayed: number;
  readonly buried: number;
  readonly waiting: number;
  readonly paused: boolean;
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

  /** The longest buried job of the tube on the first server that has one. */
  async peekBuried(tube: Tube): Promise<ReservedJob | undefined> {
    const found = await this.onEach((connection) => connection.peek(tube, 'buried'));
    return found.find((job) => job !== undefined);
  }

  /** Kicks up to `bound` jobs of the tube on every server; returns how many. */
  async kick(tube: Tube, bound: number): Promise<number> {
    const kicked = await this.onEach((connection) => connection.kick(tube, bound));
    return kicked.reduce((sum, count) => sum + count, 0);
  }

  /** Keeps the tube's jobs from being reserved for so long, on every server that has it; 0 resumes. */
  async pause(tube: Tube, seconds: number): Promise<void> {
    await this.onEach((connection) => connection.pause(tube, seconds).catch(ignoreMissingTube));
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

  private async onEach<Result>(work: (connection: BeanstalkConnection) => Promise<Result>): Promise<Result[]> {
    const results = await Promise.allSettled(this.options.findEndpoints().map((endpoint) => this.use(endpoint, work)));
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

function toTubeStatistics(server: string, tube: Tube, statistics: Statistics | undefined): TubeStatistics {
  const count = (name: string) => Number(statistics?.[name] ?? 0);
  return {
    server,
    tube,
    ready: count('current-jobs-ready'),
    reserved: count('current-jobs-reserved'),
    delayed: count('current-jobs-delayed'),
    buried: count('current-jobs-buried'),
    waiting: count('current-waiting'),
    paused: count('pause') > 0,
  };
}

function ignoreMissingTube(error: unknown): void {
  if (!(error instanceof BeanstalkReplyError) || error.reply !== 'NOT_FOUND') throw error;
}
