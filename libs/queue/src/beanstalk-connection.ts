import type { Clock } from '#domain';
import { CompleteClient } from './complete-client.js';
import { type Endpoint, describeEndpoint } from './endpoint.js';
import { BeanstalkReplyError, queueTimeout, queueUnavailable, toReplyError } from './queue-errors.js';

/** A job as a server returns it. */
export interface ReservedJob {
  readonly id: string;
  readonly body: Buffer;
}

/** The states in which a server shows the next job. */
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

/** A healthy server replies in milliseconds, or in tenths of a second when it syncs every put to a slow disk. */
const REPLY_WITHIN_MS = 5_000;

/** Without a reason, each abort would make an error with a stack. */
const CLEARED = 'cleared';

/** Calls `onLate` once unless it is cleared in time. */
class Deadline {
  private readonly done = new AbortController();

  constructor(clock: Clock, withinMs: number, onLate: () => void) {
    clock.sleep(withinMs, this.done.signal).then(onLate, () => {});
  }

  clear(): void {
    this.done.abort(CLEARED);
  }
}

/**
 * One connection to one server. With {@link CompleteClient} it is the only place that knows fivebeans.
 *
 * fivebeans does not call back after a lost connection, cannot connect twice, and mixes up replies when a callback throws. So
 * a connection is used once, every call has a deadline, and a failure rejects all waiting calls. A connection that failed is
 * closed and never used again.
 *
 * Every call throws TransientError `queue_unavailable` when the connection is lost, TransientError `queue_timeout` when the
 * server does not reply within five seconds (which closes the connection), BeanstalkReplyError when the server refuses, and
 * BugError `queue_misused` when the request is wrong in itself. After the last two the connection can still be used.
 */
export class BeanstalkConnection {
  /** The server's name, see {@link describeEndpoint}. */
  readonly name: string;
  private readonly client: CompleteClient;
  private readonly waiting = new Set<(error: Error) => void>();
  private closed: Error | undefined;
  private onClose: (() => void) | undefined;

  /** Does not connect yet: see {@link connect}. */
  constructor(
    endpoint: Endpoint,
    private readonly clock: Clock,
  ) {
    const isPath = 'path' in endpoint;
    this.name = describeEndpoint(endpoint);
    this.client = new CompleteClient(isPath ? '' : endpoint.host, isPath ? endpoint.path : endpoint.port);
    this.client.on('error', (error: Error) => this.fail(queueUnavailable(`connection to ${this.name} failed`, error)));
    this.client.on('close', () => this.close());
  }

  /** Creates a connection and connects. */
  static async open(endpoint: Endpoint, clock: Clock): Promise<BeanstalkConnection> {
    const connection = new BeanstalkConnection(endpoint, clock);
    await connection.connect();
    return connection;
  }

  /** Connects to the server. Call it once. */
  async connect(): Promise<void> {
    await this.call('connect', (done) => {
      this.client.once('connect', () => done(null));
      this.client.connect();
    });
    this.client.stream.setNoDelay(true);
    this.client.stream.setKeepAlive(true, 30_000);
  }

  /** Whether the connection has neither failed nor been closed. */
  get isOpen(): boolean {
    return this.closed === undefined;
  }

  /** Sets the only listener, which is called once when the connection ends for any reason; at once if it has ended. */
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

  /** Watches this tube only. */
  async watchOnly(tube: string): Promise<void> {
    await this.call('watch', (done) => this.client.watch(tube, done));
    if (tube !== 'default') await this.call('ignore', (done) => this.client.ignore('default', done));
  }

  /** Reserves the next job; undefined when there is none within the time. Waits five seconds longer for the reply. */
  async reserve(timeoutSeconds: number): Promise<ReservedJob | undefined> {
    try {
      const reserve = (done: Callback) => this.client.reserve_with_timeout(timeoutSeconds, done);
      return toReservedJob(await this.call('reserve', reserve, REPLY_WITHIN_MS + timeoutSeconds * 1_000));
    } catch (error) {
      if (error instanceof BeanstalkReplyError && ['TIMED_OUT', 'DEADLINE_SOON'].includes(error.reply)) return undefined;
      throw error;
    }
  }

  /** Reserves the job if it is ready, delayed or buried. Undefined: unknown job, or another client holds it. */
  async reserveJob(id: string): Promise<ReservedJob | undefined> {
    const reserved = await this.callUnlessMissing('reserve-job', (done) => this.client.reserve_job(id, done));
    return reserved && toReservedJob(reserved);
  }

  /** Deletes a job that this connection or no client holds. False: unknown job, or another client holds it. */
  async delete(id: string): Promise<boolean> {
    return this.succeeds('delete', (done) => this.client.destroy(id, done));
  }

  /** Releases a job that this connection holds. False: it does not hold the job any more. */
  async release(id: string, priority: number, delaySeconds: number): Promise<boolean> {
    return this.succeeds('release', (done) => this.client.release(id, priority, delaySeconds, done));
  }

  /** Buries a job that this connection holds. False: it does not hold the job any more. */
  async bury(id: string, priority: number): Promise<boolean> {
    return this.succeeds('bury', (done) => this.client.bury(id, priority, done));
  }

  /** Restarts the time-to-run of a job that this connection holds. False: it does not hold the job any more. */
  async touch(id: string): Promise<boolean> {
    return this.succeeds('touch', (done) => this.client.touch(id, done));
  }

  /** Kicks up to `bound` jobs of the tube. Returns how many. */
  async kick(tube: string, bound: number): Promise<number> {
    const used = this.call('use', (done) => this.client.use(tube, done));
    const kick = this.call('kick', (done) => this.client.kick(bound, done));
    const [, [kicked]] = await Promise.all([used, kick]);
    return Number(kicked);
  }

  /** Makes a delayed or buried job ready. False: unknown job, or it is in another state. */
  async kickJob(id: string): Promise<boolean> {
    return this.succeeds('kick-job', (done) => this.client.kick_job(id, done));
  }

  /** The job in any state; undefined when it does not exist. */
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

  /** Stops reservations from the tube for `seconds`; 0 resumes them. False: unknown tube. */
  async pause(tube: string, seconds: number): Promise<boolean> {
    return this.succeeds('pause-tube', (done) => this.client.pause_tube(tube, seconds, done));
  }

  /** The names of tubes that have jobs or clients. */
  async listTubes(): Promise<string[]> {
    const [names] = await this.call('list-tubes', (done) => this.client.list_tubes(done));
    return (names as unknown[]).map(String);
  }

  /** The counters of the whole server. */
  async stats(): Promise<Statistics> {
    const [statistics] = await this.call('stats', (done) => this.client.stats(done));
    return statistics as Statistics;
  }

  /** The counters of a job; undefined when it does not exist. */
  async statsJob(id: string): Promise<Statistics | undefined> {
    return this.statistics('stats-job', (done) => this.client.stats_job(id, done));
  }

  /** The counters of a tube; undefined when it does not exist. */
  async statsTube(tube: string): Promise<Statistics | undefined> {
    return this.statistics('stats-tube', (done) => this.client.stats_tube(tube, done));
  }

  /** Closes the connection and rejects every waiting call. The server releases the jobs that it holds. */
  close(): void {
    this.fail(queueUnavailable(`connection to ${this.name} closed`));
  }

  private async statistics(command: string, issue: (done: Callback) => void): Promise<Statistics | undefined> {
    const found = await this.callUnlessMissing(command, issue);
    return found?.[0] as Statistics | undefined;
  }

  private async succeeds(command: string, issue: (done: Callback) => void): Promise<boolean> {
    return (await this.callUnlessMissing(command, issue)) !== undefined;
  }

  /** Undefined when the server replies NOT_FOUND. */
  private async callUnlessMissing(command: string, issue: (done: Callback) => void): Promise<unknown[] | undefined> {
    try {
      return await this.call(command, issue);
    } catch (error) {
      if (error instanceof BeanstalkReplyError && error.reply === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  private async call(command: string, issue: (done: Callback) => void, withinMs = REPLY_WITHIN_MS): Promise<unknown[]> {
    if (this.closed) throw this.closed;
    const deadline = new Deadline(this.clock, withinMs, () => this.fail(queueTimeout(`${this.name} did not reply to ${command} in time`)));
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
    // fivebeans creates its stream in connect(): there is none when that call itself failed.
    (this.client.stream as CompleteClient['stream'] | null)?.destroy();
    for (const reject of this.waiting) reject(error);
    this.waiting.clear();
    this.onClose?.();
  }
}

function toReservedJob([id, body]: unknown[]): ReservedJob {
  return { id: String(id), body: body as Buffer };
}
