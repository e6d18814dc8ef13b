import { BeanstalkConnection } from './beanstalk-connection.js';
import type { Endpoint } from './endpoint.js';
import { HeldJob, type JobEnvironment } from './held-job.js';

/** What a loop stands on. */
export interface TubeLoopOptions extends JobEnvironment {
  /** Asked anew for every connection: the embedded server may come back elsewhere. */
  readonly findEndpoint: () => Endpoint;
}

const RESERVE_SECONDS = 5;
const FIRST_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 5_000;

/** One reservation after another on a connection of its own, for one worker. Reconnects by itself and watches again. */
export class TubeLoop {
  private readonly stopping = new AbortController();
  private connection: BeanstalkConnection | undefined;
  private held: HeldJob | undefined;
  private loop: Promise<void> | undefined;
  private failures = 0;

  constructor(private readonly options: TubeLoopOptions) {}

  /** Begins to reserve; a second call changes nothing. */
  start(): void {
    this.loop ??= this.run();
  }

  /**
   * Stops reserving, asks a running job to stop at its next safe point, and waits for it at most `graceMs`. A job that runs
   * even then is given back to the queue.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    if (this.held) this.held.stop();
    else this.connection?.close();
    const grace = new AbortController();
    await Promise.race([this.loop, this.options.clock.sleep(graceMs, grace.signal).catch(() => {})]);
    grace.abort();
    // The server gives a job that is still held to another worker as soon as the connection is gone.
    this.connection?.close();
  }

  private get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      try {
        await this.reserveAll(await this.connect());
      } catch (error) {
        if (!this.isStopping) await this.waitAfter(error);
      } finally {
        this.connection?.close();
      }
    }
  }

  private async connect(): Promise<BeanstalkConnection> {
    const { findEndpoint, clock, logger, worker } = this.options;
    const connection = new BeanstalkConnection(findEndpoint(), clock);
    this.connection = connection;
    connection.whenClosed(() => this.held?.lose());
    await connection.connect();
    await connection.watchOnly(worker.tube);
    if (this.failures > 0) logger.info('a queue connection is back', { tube: worker.tube, server: connection.name });
    this.failures = 0;
    return connection;
  }

  /** Until the connection is lost, which it throws, or closed to stop. */
  private async reserveAll(connection: BeanstalkConnection): Promise<void> {
    while (!this.isStopping) {
      const job = await connection.reserve(RESERVE_SECONDS);
      if (job) await this.work(new HeldJob(this.options, connection, job));
    }
  }

  private async work(held: HeldJob): Promise<void> {
    this.held = held;
    try {
      await held.handle();
    } finally {
      this.held = undefined;
    }
  }

  /** Twice as long each time, spread so that the loops of a lost server do not all come back at once. */
  private async waitAfter(error: unknown): Promise<void> {
    const { worker, clock, logger, random } = this.options;
    const exact = Math.min(FIRST_RECONNECT_MS * 2 ** this.failures, LONGEST_RECONNECT_MS);
    const delayMs = Math.round(exact * (0.5 + random()));
    const fields = { tube: worker.tube, retry_in_ms: delayMs, error };
    if (this.failures === 0) logger.warn('a queue connection was lost', fields);
    else logger.debug('the queue is still away', fields);
    this.failures += 1;
    await clock.sleep(delayMs, this.stopping.signal).catch(() => {});
  }
}
