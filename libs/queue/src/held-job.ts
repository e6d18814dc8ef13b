import {
  type Attempt,
  type Clock,
  type Disposition,
  InvalidInputError,
  type Logger,
  TransientError,
  backOffSeconds,
  decideDisposition,
  isOwnHold,
  jobKindOf,
  parseJobPayload,
} from '#domain';
import type { BeanstalkConnection, ReservedJob } from './beanstalk-connection.js';
import type { JobLedger } from './job-ledger.js';
import { type JobAddress, counterOf } from './queue-views.js';
import type { TubeWorker } from './tube-worker.js';

/** A job that was buried, for the operator. */
export interface BuriedJob {
  readonly tube: string;
  readonly server: string;
  /** The server's own number. */
  readonly jobId: string;
  /** The body as it came, its first 4,096 bytes; it carries ids only. */
  readonly body: string;
  readonly code: string;
  readonly reason: string;
}

/** What a job is worked with. */
export interface JobEnvironment {
  readonly worker: TubeWorker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ledger: JobLedger;
  readonly onBuried: (job: BuriedJob) => Promise<void>;
  /** Between 0 and 1. */
  readonly random: () => number;
  /** Tells the servers' jobs apart, also when a server comes back under another name. */
  readonly serverKey: string;
}

/** Below the shortest time-to-run there is, one second. */
const FIRST_TOUCH_MS = 300;
/** beanstalkd's own limit unless it is told otherwise, and far above what our jobs are. */
const MAX_BODY_BYTES = 65_535;
const MAX_KEPT_BODY_BYTES = 4_096;
const STILL_RUNNING_RETRY_MS = 2_000;

/** One job between its reservation and its end, on the connection that holds it. */
export class HeldJob {
  private readonly interruption = new AbortController();
  private isStopping = false;
  private isLost = false;

  constructor(
    private readonly environment: JobEnvironment,
    private readonly connection: BeanstalkConnection,
    private readonly job: ReservedJob,
  ) {}

  /** Asks the job to stop at its next safe point; it is put back then, whatever it ends with. */
  stop(): void {
    this.isStopping = true;
    this.interruption.abort();
  }

  /** Asks the job to stop at its next safe point: the server gives it to another worker. */
  lose(): void {
    this.isLost = true;
    this.interruption.abort();
  }

  /** Works the job, then deletes it, puts it back or buries it. Throws TransientError when its connection was lost. */
  async handle(): Promise<void> {
    const { ledger } = this.environment;
    try {
      const hasRun = await ledger.runOnce(this.key, () => this.work());
      if (!hasRun) throw new TransientError('the job still runs', { code: 'still_running', retryAfterMs: STILL_RUNNING_RETRY_MS });
    } catch (error) {
      return this.dispose(error);
    }
    await this.apply({ action: 'delete', reason: 'done' });
  }

  private get key(): string {
    return `${this.environment.serverKey}/${this.job.id}`;
  }

  private get address(): JobAddress {
    return { server: this.connection.name, id: this.job.id };
  }

  /** Runs the job while touching it, so that its time-to-run measures silence, not work. */
  private async work(): Promise<void> {
    const { worker } = this.environment;
    const payload = parseJobPayload(worker.tube, decode(this.job.body));
    const done = new AbortController();
    const touching = this.touch(done.signal);
    try {
      await worker.process(payload, {
        job: this.address,
        signal: this.interruption.signal,
        isRetry: async () => (await this.counters())('reserves') > 1,
      });
    } finally {
      done.abort();
      await touching;
    }
  }

  /** Touches at a third of the job's own time-to-run, which whoever put it chose. Short jobs are over before that is asked for. */
  private async touch(done: AbortSignal): Promise<void> {
    await this.pause(FIRST_TOUCH_MS, done);
    if (done.aborted) return;
    try {
      const everyMs = ((await this.counters())('ttr') * 1_000) / 3;
      while (!done.aborted) {
        if (!(await this.connection.touch(this.job.id))) return this.lose();
        await this.pause(everyMs, done);
      }
    } catch {
      this.connection.close();
    }
  }

  private async pause(ms: number, signal: AbortSignal): Promise<void> {
    await this.environment.clock.sleep(ms, signal).catch(() => {});
  }

  /** The server's counters of the job; zeros when it is gone. */
  private async counters(): Promise<(name: string) => number> {
    return counterOf(await this.connection.statsJob(this.job.id));
  }

  private async dispose(error: unknown): Promise<void> {
    if (this.isLost && this.connection.isOpen) return this.warnOfLoss({ error });
    const count = await this.counters();
    const number = Math.max(1, count('reserves') - this.environment.ledger.holdsOf(this.key));
    const attempt = { error, number, ageSeconds: count('age') };
    const disposition = await this.keepReason(this.decide(attempt), attempt);
    this.log(disposition, attempt);
    if (disposition.action === 'release' && this.isNoFailure(error)) this.environment.ledger.putBack(this.key);
    await this.apply(disposition);
  }

  private decide(attempt: Attempt): Disposition {
    return this.isStopping ? { action: 'release', delaySeconds: 0 } : decideDisposition(attempt, this.environment.random());
  }

  private isNoFailure(error: unknown): boolean {
    return this.isStopping || isOwnHold(error);
  }

  /** Nothing is buried without its reason: when that cannot be kept the job is tried again. */
  private async keepReason(disposition: Disposition, attempt: Attempt): Promise<Disposition> {
    if (disposition.action !== 'bury') return disposition;
    const { worker, logger, random, onBuried } = this.environment;
    const { code, reason } = disposition;
    const body = this.job.body.subarray(0, MAX_KEPT_BODY_BYTES).toString('utf8');
    try {
      await onBuried({ tube: worker.tube, server: this.connection.name, jobId: this.job.id, body, code, reason });
      return disposition;
    } catch (error) {
      logger.error('why a job is to be buried cannot be kept', { tube: worker.tube, job: this.address, error });
      return { action: 'release', delaySeconds: backOffSeconds(attempt, random()) };
    }
  }

  private async apply(disposition: Disposition): Promise<void> {
    if (disposition.action !== 'release') this.environment.ledger.forget(this.key);
    const isOurs = await this.end(disposition);
    if (!isOurs) this.warnOfLoss(disposition);
  }

  private async end(disposition: Disposition): Promise<boolean> {
    const { priority } = jobKindOf(this.environment.worker.tube);
    if (disposition.action === 'delete') return this.connection.delete(this.job.id);
    if (disposition.action === 'bury') return this.connection.bury(this.job.id, priority);
    return this.connection.release(this.job.id, priority, disposition.delaySeconds);
  }

  private warnOfLoss(fields: object): void {
    const { logger, worker } = this.environment;
    logger.warn('a job is not ours any more', { tube: worker.tube, job: this.address, ...fields });
  }

  private log(disposition: Disposition, { error, number }: Attempt): void {
    const { logger, worker } = this.environment;
    const fields = { tube: worker.tube, job: this.address, attempts: number, ...disposition };
    if (disposition.action === 'bury') logger.error('a job is buried', { ...fields, error });
    else if (this.isNoFailure(error)) logger.debug('a job is put back', fields);
    else if (disposition.action === 'release') logger.warn('a job failed and is tried again', { ...fields, error });
    else logger.warn('a job ended without effect', { ...fields, error });
  }
}

const invalidBody = (problem: string, cause?: unknown) =>
  InvalidInputError.ofFields([{ field: 'body', problem }], { code: 'invalid_job', cause });

function decode(body: Buffer): unknown {
  if (body.length > MAX_BODY_BYTES) throw invalidBody(`is larger than ${MAX_BODY_BYTES} bytes`);
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (cause) {
    throw invalidBody('is not JSON', cause);
  }
}
