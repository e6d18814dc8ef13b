import type { Clock } from '#domain';
import { CompleteClient } from './complete-client.js';
import { Deadline } from './deadline.js';
import { type Endpoint, describeEndpoint } from './endpoint.js';
import { BeanstalkReplyError, queueTimeout, queueUnavailable, toReplyError } from './queue-errors.js';

/** A job as a server gave it to us. */
export interface ReservedJob {
  readonly id: string;
  readonly body: Buffer;
}

/** The states whose next job a server shows. */
export type PeekedState = 'ready' | 'delayed' | 'buried';

/** beanstalkd's own parameters of a job; priority 0 is the most urgent. */
export interface PutOptions {
  readonly priority: number;
  readonly delaySeconds: number;
  readonly ttrSeconds: number;
}

/** beanstalkd's own counters, by its own names. */
export type Statistics = Readonly<Record<string, string | number>>;

type Callback = (error: string | null, ...values: unknown[]) => void;

/** A server that is well answers in milliseconds, one that syncs every put to a slow disk in tenths of a second. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * One connection to one server: with {@link CompleteClient} the only place that knows fivebeans.
 *
 * fivebeans calls nobody back when the connection is lost, cannot connect twice, and loses its place when a callback
 * throws; so a connection lives once, every call has a deadline, and all that wait are rejected together. A connection that
 * failed is closed and never used again.
 *
 * Every call throws TransientError `queue_unavailable` when the connection is or gets lost, `queue_timeout` when the server
 * does not answer in five seconds (the connection is lost then), BeanstalkReplyError when it refuses, and BugError
 * `queue_misused` when the request is wrong in itself. After the latter two the connection is as good as before.
 */
export class BeanstalkConnection {
  readonly name: string;
  private readonly client: CompleteClient;
  private readonly waiting = new Set<(error: Error) => void>();
  private closed: Error | undefined;
  private onClose: (() => void) | undefined;

  /** Not connected yet: see {@link connect}. */
  constructor(
    endpoint: Endpoint,
    private readonly clock: Clock,
  ) {
    const isPath = 'path' in endpoint;
    this.name = describeEndpoint(endpoint);
    this.client = new CompleteClient(isPath ? '' : endpoint.host, isPath ? endpoint.path : endpoint.port);
    this.client.on('error', (error: Error) => this.fail(queueUnavailable(`the connection to ${this.name} failed`, error)));
    this.client.on('close', () => this.close());
  }

  /** A connection that is made. */
  static async open(endpoint: Endpoint, clock: Clock): Promise<BeanstalkConnection> {
    const connection = new BeanstalkConnection(endpoint, clock);
    await connection.connect();
    return connection;
  }

  /** Makes the connection. To be called once. */
  async connect(): Promise<void> {
    await this.call('connect', (done) => {
      this.client.once('connect', () => done(null));
      this.client.connect();
    });
    this.client.stream.setNoDelay(true);
    this.client.stream.setKeepAlive(true, 30_000);
  }

  get isOpen(): boolean {
    return this.closed === undefined;
  }

  /** Calls this listener, and none that was given before, once when the connection ends, whoever ended it. */
  whenClosed(listener: () => void): void {
    if (this.closed) listener();
    else this.onClose = listener;
  }

  /** Puts a job into the tube and returns its id. */
  async put(tube: string, body: Buffer, { priority, delaySeconds, ttrSeconds }: PutOptions): Promise<string> {
    const used = this.call('use', (done) => this.client.use(tube, done));
    const put = this.call('put', (done) => this.client.put(priority, delaySeconds, ttrSeconds, body, done));
    const [, [id]] = await Promise.all([used, put]);
    return String(id);
  }

  /** Watches this tube and no other. */
  async watchOnly(tube: string): Promise<void> {
    await this.call('watch', (done) => this.client.watch(tube, done));
    if (tube !== 'default') await this.call('ignore', (done) => this.client.ignore('default', done));
  }

  /** The next job, or undefined when none came in time. A server that does not even say so is taken for dead five seconds later. */
  async reserve(timeoutSeconds: number): Promise<ReservedJob | undefined> {
    try {
      const reserve = (done: Callback) => this.client.reserve_with_timeout(timeoutSeconds, done);
      return toReservedJob(await this.call('reserve', reserve, ANSWER_WITHIN_MS + timeoutSeconds * 1_000));
    } catch (error) {
      if (error instanceof BeanstalkReplyError && ['TIMED_OUT', 'DEADLINE_SOON'].includes(error.reply)) return undefined;
      throw error;
    }
  }

  /** Takes that job, be it ready, delayed or buried. Undefined: there is no such job, or somebody holds it. */
  async reserveJob(id: string): Promise<ReservedJob | undefined> {
    const reserved = await this.callUnlessMissing('reserve-job', (done) => this.client.reserve_job(id, done));
    return reserved && toReservedJob(reserved);
  }

  /** Ends a job that this connection holds, or that nobody holds. False: there is no such job, or somebody else holds it. */
  async delete(id: string): Promise<boolean> {
    return this.succeeds('delete', (done) => this.client.destroy(id, done));
  }

  /** Puts a job back that this connection holds. False: it does not, any more. */
  async release(id: string, priority: number, delaySeconds: number): Promise<boolean> {
    return this.succeeds('release', (done) => this.client.release(id, priority, delaySeconds, done));
  }

  /** Sets a job aside that this connection holds, until it is kicked. False: it does not, any more. */
  async bury(id: string, priority: number): Promise<boolean> {
    return this.succeeds('bury', (done) => this.client.bury(id, priority, done));
  }

  /** Gives a job that this connection holds its whole time-to-run again. False: it does not hold it, any more. */
  async touch(id: string): Promise<boolean> {
    return this.succeeds('touch', (done) => this.client.touch(id, done));
  }

  /** Kicks up to `bound` jobs of the tube; returns how many. */
  async kick(tube: string, bound: number): Promise<number> {
    const used = this.call('use', (done) => this.client.use(tube, done));
    const kick = this.call('kick', (done) => this.client.kick(bound, done));
    const [, [kicked]] = await Promise.all([used, kick]);
    return Number(kicked);
  }

  /** Makes one delayed or buried job ready. False: there is no such job, or it is neither. */
  async kickJob(id: string): Promise<boolean> {
    return this.succeeds('kick-job', (done) => this.client.kick_job(id, done));
  }

  /** The job, whatever its state; undefined when it is gone. */
  async peekJob(id: string): Promise<ReservedJob | undefined> {
    const found = await this.callUnlessMissing('peek', (done) => this.client.peek(id, done));
    return found && toReservedJob(found);
  }

  /** The next job of the tube in that state, or undefined. */
  async peek(tube: string, state: PeekedState): Promise<ReservedJob | undefined> {
    const commands = { ready: 'peek_ready', delayed: 'peek_delayed', buried: 'peek_buried' } as const;
    const used = this.call('use', (done) => this.client.use(tube, done));
    const peek = this.callUnlessMissing('peek', (done) => this.client[commands[state]](done));
    const [, found] = await Promise.all([used, peek]);
    return found && toReservedJob(found);
  }

  /** Keeps jobs of the tube from being reserved for so long; 0 resumes. False: there is no such tube. */
  async pause(tube: string, seconds: number): Promise<boolean> {
    return this.succeeds('pause-tube', (done) => this.client.pause_tube(tube, seconds, done));
  }

  /** Tubes that have jobs or somebody who uses them. */
  async listTubes(): Promise<string[]> {
    const [names] = await this.call('list-tubes', (done) => this.client.list_tubes(done));
    return (names as unknown[]).map(String);
  }

  /** Of the whole server. */
  async stats(): Promise<Statistics> {
    const [statistics] = await this.call('stats', (done) => this.client.stats(done));
    return statistics as Statistics;
  }

  /** Undefined when the job is gone. */
  async statsJob(id: string): Promise<Statistics | undefined> {
    return this.statistics('stats-job', (done) => this.client.stats_job(id, done));
  }

  /** Undefined when no such tube exists. */
  async statsTube(tube: string): Promise<Statistics | undefined> {
    return this.statistics('stats-tube', (done) => this.client.stats_tube(tube, done));
  }

  /** Ends the connection; every call that waits is rejected. Jobs it holds go back to the queue. */
  close(): void {
    this.fail(queueUnavailable(`the connection to ${this.name} was closed`));
  }

  private async statistics(command: string, issue: (done: Callback) => void): Promise<Statistics | undefined> {
    const found = await this.callUnlessMissing(command, issue);
    return found?.[0] as Statistics | undefined;
  }

  private async succeeds(command: string, issue: (done: Callback) => void): Promise<boolean> {
    return (await this.callUnlessMissing(command, issue)) !== undefined;
  }

  /** Undefined when the server answers NOT_FOUND. */
  private async callUnlessMissing(command: string, issue: (done: Callback) => void): Promise<unknown[] | undefined> {
    try {
      return await this.call(command, issue);
    } catch (error) {
      if (error instanceof BeanstalkReplyError && error.reply === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  private async call(command: string, issue: (done: Callback) => void, withinMs = ANSWER_WITHIN_MS): Promise<unknown[]> {
    if (this.closed) throw this.closed;
    const deadline = new Deadline(this.clock, withinMs, () => this.fail(queueTimeout(`${this.name} did not answer ${command} in time`)));
    try {
      return await new Promise<unknown[]>((resolve, reject) => {
        this.waiting.add(reject);
        issue((error, ...values) => {
          this.waiting.delete(reject);
          if (error) reject(toReplyError(error, command));
          else resolve(values);
        });
      });
    } finally {
      deadline.clear();
    }
  }

  private fail(error: Error): void {
    if (this.closed) return;
    this.closed = error;
    // fivebeans makes its stream in connect(): there is none yet when that itself failed.
    (this.client.stream as CompleteClient['stream'] | null)?.destroy();
    for (const reject of this.waiting) reject(error);
    this.waiting.clear();
    this.onClose?.();
  }
}

function toReservedJob([id, body]: unknown[]): ReservedJob {
  return { id: String(id), body: body as Buffer };
}
