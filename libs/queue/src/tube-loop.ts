import { BeanstalkConnection } from './beanstalk-connection.js';
import type { Endpoint } from './endpoint.js';
import { HeldJob, type JobEnvironment } from './held-job.js';

/** What a loop needs. */
export interface TubeLoopOptions extends JobEnvironment {
  /** Called for each new connection. Throws TransientError while the server is not running. */
  readonly findEndpoint: () => Endpoint;
}

const RESERVE_SECONDS = 5;
const FIRST_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 5_000;

/** Reserves one job after another for one worker, on a connection of its own. Reconnects and watches the tube again by itself. */
export class TubeLoop {
  private readonly stopping = new AbortController();
  private connection: BeanstalkConnection | undefined;
  private held: HeldJob | undefined;
  private loop: Promise<void> | undefined;
  private failures = 0;

  constructor(private readonly options: TubeLoopOptions) {}

  /** Starts reserving; a second call has no effect. */
  start(): void {
    this.loop ??= this.run();
  }

  /**
   * Stops reserving, asks a running job to stop at its next safe point, and waits for it at most `graceMs`. A job that still
   * runs then goes back to the queue.
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    if (this.held) this.held.stop();
    else this.connection?.close();
    const grace = new AbortController();
    await Promise.race([this.loop, this.options.clock.sleep(graceMs, grace.signal).catch(() => {})]);
    grace.abort();
    // The server gives a held job to another worker as soon as its connection is closed.
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
        if (!this.isStopping) await this.waitBeforeReconnect(error);
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
    if (this.failures > 0) logger.info('queue connection restored', { tube: worker.tube, server: connection.name });
    this.failures = 0;
    return connection;
  }

  /** Returns when the loop stops. Throws when the connection is lost. */
  private async reserveAll(connection: BeanstalkConnection): Promise<void> {
    while (!this.isStopping) {
      const job = await connection.reserve(RESERVE_SECONDS);
      if (job) await this.process(new HeldJob(this.options, connection, job));
    }
  }

  private async process(held: HeldJob): Promise<void> {
    this.held = held;
    try {
      await held.handle();
    } finally {
      this.held = undefined;
    }
  }

  /** Waits twice as long each time, at random from half to one and a half times, so that all loops do not reconnect together. */
  private async waitBeforeReconnect(error: unknown): Promise<void> {
    const { worker, clock, logger } = this.options;
    const exactMs = Math.min(FIRST_RECONNECT_MS * 2 ** this.failures, LONGEST_RECONNECT_MS);
    const delayMs = Math.round(exactMs * (0.5 + Math.random()));
    const fields = { tube: worker.tube, retry_in_ms: delayMs, error };
    if (this.failures === 0) logger.warn('queue connection lost; will reconnect', fields);
    else logger.debug('queue still unavailable; will reconnect', fields);
    this.failures += 1;
    await clock.sleep(delayMs, this.stopping.signal).catch(() => {});
  }
}
