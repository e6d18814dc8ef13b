import {
  type Clock,
  type Disposition,
  InvalidInputError,
  type Logger,
  TransientError,
  decideDisposition,
  jobKindOf,
  parseJobPayload,
} from '#domain';
import { BeanstalkConnection, type ReservedJob } from './beanstalk-connection.js';
import type { Endpoint } from './endpoint.js';
import type { TubeWorker } from './tube-worker.js';

/** A job that was buried, for the operator. */
export interface BuriedJob {
  readonly tube: string;
  readonly jobId: string;
  /** The body as it came; it carries ids only. */
  readonly body: string;
  readonly code: string;
  readonly reason: string;
}

/** What a loop stands on. */
export interface TubeLoopOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Asked anew for every connection: the embedded server may come back elsewhere. */
  readonly findEndpoint: () => Endpoint;
  readonly onBuried: (job: BuriedJob) => Promise<void>;
  /** Between 0 and 1. */
  readonly random: () => number;
}

const RESERVE_SECONDS = 5;
/** Below the shortest time-to-run there is, one second. */
const FIRST_TOUCH_MS = 300;
const FIRST_RECONNECT_MS = 100;
const LONGEST_RECONNECT_MS = 5_000;

/** One reservation after another on a connection of its own, for one worker. Reconnects by itself and watches again. */
export class TubeLoop {
  private readonly stopping = new AbortController();
  private connection: BeanstalkConnection | undefined;
  private isIdle = true;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly worker: TubeWorker,
    private readonly options: TubeLoopOptions,
  ) {}

  /** Begins to reserve; a second call changes nothing. */
  start(): void {
    this.loop ??= this.run();
  }

  /** Stops reserving, asks a running job to stop at its next safe point, and waits for it at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    if (this.isIdle) this.connection?.close();
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
    let delayMs = FIRST_RECONNECT_MS;
    while (!this.isStopping) {
      try {
        this.connection = await BeanstalkConnection.open(this.options.findEndpoint(), this.options.clock);
        await this.connection.watchOnly(this.worker.tube);
        delayMs = FIRST_RECONNECT_MS;
        await this.reserveAll(this.connection);
      } catch (error) {
        if (this.isStopping) return;
        this.options.logger.warn('a queue connection was lost', { tube: this.worker.tube, retry_in_ms: delayMs, error });
      } finally {
        this.connection?.close();
      }
      await this.options.clock.sleep(delayMs, this.stopping.signal).catch(() => {});
      delayMs = Math.min(delayMs * 2, LONGEST_RECONNECT_MS);
    }
  }

  private async reserveAll(connection: BeanstalkConnection): Promise<void> {
    while (!this.isStopping) {
      const job = await connection.reserve(RESERVE_SECONDS);
      if (!job) continue;
      this.isIdle = false;
      try {
        await this.handle(connection, job);
      } finally {
        this.isIdle = true;
      }
    }
  }

  private async handle(connection: BeanstalkConnection, job: ReservedJob): Promise<void> {
    try {
      await this.work(connection, job);
    } catch (error) {
      if (!connection.isOpen) throw error;
      return this.dispose(connection, job, error);
    }
    await this.delete(connection, job);
  }

  private async delete(connection: BeanstalkConnection, job: ReservedJob): Promise<void> {
    if (await connection.delete(job.id)) return;
    this.options.logger.warn('a job that was done is not ours any more', { tube: this.worker.tube, job_id: job.id });
  }

  /** Runs the job while touching it, so that its time-to-run measures silence, not work. */
  private async work(connection: BeanstalkConnection, job: ReservedJob): Promise<void> {
    const { tube } = this.worker;
    const payload = parseJobPayload(tube, decode(job.body));
    const lost = new AbortController();
    const done = new AbortController();
    connection.whenClosed(() => lost.abort());
    const touching = this.touch(connection, job.id, done.signal);
    try {
      await this.worker.process(payload, {
        jobId: job.id,
        signal: AbortSignal.any([lost.signal, this.stopping.signal]),
        isRetry: async () => (await findAttempts(connection, job.id)).attempts > 1,
      });
    } finally {
      done.abort();
      await touching;
    }
  }

  /** Touches at a third of the job's own time-to-run, which whoever put it chose. Short jobs are over before that is asked for. */
  private async touch(connection: BeanstalkConnection, jobId: string, done: AbortSignal): Promise<void> {
    await this.pause(FIRST_TOUCH_MS, done);
    if (done.aborted || !connection.isOpen) return;
    const everyMs = await this.touchIntervalMs(connection, jobId);
    while (!done.aborted && connection.isOpen) {
      // A job that is not ours any more runs elsewhere: this one must stop.
      await connection.touch(jobId).catch(() => connection.close());
      await this.pause(everyMs, done);
    }
  }

  private async touchIntervalMs(connection: BeanstalkConnection, jobId: string): Promise<number> {
    const statistics = await connection.statsJob(jobId).catch(() => undefined);
    return (Number(statistics?.['ttr'] ?? jobKindOf(this.worker.tube).ttrSeconds) * 1_000) / 3;
  }

  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    await this.options.clock.sleep(ms, signal).catch(() => {});
  }

  private async dispose(connection: BeanstalkConnection, job: ReservedJob, error: unknown): Promise<void> {
    const { attempts, ageSeconds } = await findAttempts(connection, job.id);
    const disposition = this.isStopping
      ? ({ action: 'release', delaySeconds: 0 } as const)
      : decideDisposition({ error, number: attempts, ageSeconds }, this.options.random());
    await this.apply(connection, job, disposition);
    this.log(job, disposition, error, attempts);
  }

  private async apply(connection: BeanstalkConnection, job: ReservedJob, disposition: Disposition): Promise<void> {
    const { priority } = jobKindOf(this.worker.tube);
    if (disposition.action === 'release') return connection.release(job.id, priority, disposition.delaySeconds);
    if (disposition.action === 'delete') return this.delete(connection, job);
    await this.options.onBuried({
      tube: this.worker.tube,
      jobId: job.id,
      body: job.body.toString('utf8'),
      code: disposition.code,
      reason: disposition.reason,
    });
    return connection.bury(job.id, priority);
  }

  private log(job: ReservedJob, disposition: Disposition, error: unknown, attempts: number): void {
    const fields = { tube: this.worker.tube, job_id: job.id, attempts, ...disposition };
    if (disposition.action === 'bury') this.options.logger.error('a job was buried', { ...fields, error });
    else if (isOwnHold(error)) this.options.logger.debug('a job was put back', fields);
    else
      this.options.logger.warn(disposition.action === 'release' ? 'a job failed and is tried again' : 'a job ended without effect', {
        ...fields,
        error,
      });
  }
}

/** How often the job was taken, and how long it is in the queue. */
async function findAttempts(connection: BeanstalkConnection, jobId: string): Promise<{ attempts: number; ageSeconds: number }> {
  const statistics = await connection.statsJob(jobId);
  const count = (name: string) => Number(statistics?.[name] ?? 0);
  return { attempts: count('reserves'), ageSeconds: count('age') };
}

const isOwnHold = (error: unknown): boolean => error instanceof TransientError && ['account_busy', 'stopping'].includes(error.code);

function decode(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (cause) {
    throw new InvalidInputError('the job body is not JSON', {
      code: 'invalid_job',
      cause,
      fields: [{ field: 'body', problem: 'is not JSON' }],
    });
  }
}
