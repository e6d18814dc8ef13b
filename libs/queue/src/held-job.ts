import {
  type Attempt,
  type Clock,
  type Disposition,
  InvalidInputError,
  type Logger,
  TransientError,
  backOffSeconds,
  decideDisposition,
  isDeferral,
  type JobAttempt,
  jobKindOf,
  parseJobPayload,
  type WorkMeter,
} from '#domain';
import type { BeanstalkConnection, ReservedJob } from './beanstalk-connection.js';
import type { BuriedJobRecorder } from './buried-job.js';
import { type JobAddress, counterOf } from './queue-views.js';
import type { RegisteredWorker } from './tube-worker-registry.js';

/** Less than the shortest time-to-run, one second. */
const FIRST_TOUCH_MS = 300;
/** beanstalkd's default limit, and far more than our jobs need. */
const MAX_BODY_BYTES = 65_535;
const MAX_RECORDED_BODY_BYTES = 4_096;
const STILL_RUNNING_RETRY_MS = 2_000;
const MAX_REMEMBERED = 10_000;
/** Without a reason, each abort would make an error with a stack. */
const JOB_ENDED = 'the job has ended';

/**
 * What this process knows about jobs and their server does not: which jobs still run here although their connection was lost,
 * and how often a job was released without a failure.
 */
export class JobLedger {
  private readonly running = new Set<string>();
  private readonly releases = new Map<string, number>();

  /** Runs the job and returns true. Returns false at once when the job already runs in this process. */
  async runOnce(job: string, run: () => Promise<void>): Promise<boolean> {
    if (this.running.has(job)) return false;
    this.running.add(job);
    try {
      await run();
    } finally {
      this.running.delete(job);
    }
    return true;
  }

  /** Counts a release without a failure. Keeps the counts of the last 10,000 jobs. */
  countRelease(job: string): void {
    const count = this.releasesOf(job) + 1;
    this.forget(job);
    this.releases.set(job, count);
    if (this.releases.size > MAX_REMEMBERED) this.releases.delete(this.releases.keys().next().value ?? '');
  }

  /** How often this process released the job without a failure. */
  releasesOf(job: string): number {
    return this.releases.get(job) ?? 0;
  }

  /** Removes the job's count after the job has ended. */
  forget(job: string): void {
    this.releases.delete(job);
  }
}

/** What all jobs of one loop share. */
export interface JobEnvironment {
  readonly worker: RegisteredWorker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly ledger: JobLedger;
  readonly meter: WorkMeter;
  readonly buriedJobs: BuriedJobRecorder;
  /** Identifies the server in the ledger, also after it has restarted on another port. */
  readonly serverKey: string;
}

/** One job between its reservation and its end, on the connection that holds it. */
export class HeldJob {
  private readonly interruption = new AbortController();
  private isStopping = false;
  private isLost = false;
  private readonly reservedAtMs: number;

  constructor(
    private readonly environment: JobEnvironment,
    private readonly connection: BeanstalkConnection,
    private readonly job: ReservedJob,
  ) {
    this.reservedAtMs = environment.clock.nowMs();
  }

  /** Asks the job to stop at its next safe point. If it fails after that, it is released after any error. */
  stop(): void {
    this.isStopping = true;
    this.interruption.abort();
  }

  /** Asks the job to stop at its next safe point, because the server gives it to another worker. */
  lose(): void {
    this.isLost = true;
    this.interruption.abort();
  }

  /** Runs the job, then deletes, releases or buries it. Throws TransientError when its connection is lost. */
  async handle(): Promise<void> {
    const { ledger } = this.environment;
    try {
      const hasRun = await ledger.runOnce(this.key, () => this.run());
      if (!hasRun) throw new TransientError('the job is still running', { code: 'still_running', retryAfterMs: STILL_RUNNING_RETRY_MS });
    } catch (error) {
      return this.endFailed(error);
    }
    this.count('done');
    await this.apply({ action: 'delete', reason: 'done' });
  }

  private get key(): string {
    return `${this.environment.serverKey}/${this.job.id}`;
  }

  private get address(): JobAddress {
    return { server: this.connection.name, id: this.job.id };
  }

  /** Touches the job while it runs, so that its time-to-run limits silence, not work. */
  private async run(): Promise<void> {
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
      done.abort(JOB_ENDED);
      await touching;
    }
  }

  /** Touches at a third of the job's own time-to-run, which its producer chose. A short job ends before this asks the server. */
  private async touch(done: AbortSignal): Promise<void> {
    await this.sleep(FIRST_TOUCH_MS, done);
    if (done.aborted) return;
    try {
      const everyMs = ((await this.counters())('ttr') * 1_000) / 3;
      while (!done.aborted) {
        if (!(await this.connection.touch(this.job.id))) return this.lose();
        await this.sleep(everyMs, done);
      }
    } catch {
      this.connection.close();
    }
  }

  private async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.environment.clock.sleep(ms, signal).catch(() => {});
  }

  /** The server's counters of the job; zeros when the job no longer exists. */
  private async counters(): Promise<(name: string) => number> {
    return counterOf(await this.connection.statsJob(this.job.id));
  }

  private async endFailed(error: unknown): Promise<void> {
    if (this.isLost && this.connection.isOpen) return this.warnOfLoss({ error });
    const count = await this.counters();
    const number = Math.max(1, count('reserves') - this.environment.ledger.releasesOf(this.key));
    const attempt = { error, number, ageSeconds: count('age') };
    const disposition = await this.recordIfBuried(this.decide(attempt), attempt);
    this.log(disposition, attempt);
    this.count(this.outcomeOf(disposition, error));
    if (disposition.action === 'release' && this.isNoFailure(error)) this.environment.ledger.countRelease(this.key);
    await this.apply(disposition);
  }

  private decide(attempt: Attempt): Disposition {
    if (this.isStopping) return { action: 'release', delaySeconds: 0 };
    return decideDisposition(attempt, Math.random(), this.environment.worker.retry);
  }

  private outcomeOf({ action }: Disposition, error: unknown): JobAttempt['outcome'] {
    if (action === 'bury') return 'buried';
    if (action === 'delete') return 'blocked';
    return this.isNoFailure(error) ? 'deferred' : 'released';
  }

  private count(outcome: JobAttempt['outcome']): void {
    const { meter, worker, clock } = this.environment;
    meter.countJob({ tube: worker.tube, outcome, durationMs: clock.nowMs() - this.reservedAtMs });
  }

  private isNoFailure(error: unknown): boolean {
    return this.isStopping || isDeferral(error);
  }

  /** No job is buried without a stored reason: when storing it fails, the job is released with back-off. */
  private async recordIfBuried(disposition: Disposition, attempt: Attempt): Promise<Disposition> {
    if (disposition.action !== 'bury') return disposition;
    const { worker, logger, buriedJobs } = this.environment;
    const { code, reason } = disposition;
    const body = this.job.body.subarray(0, MAX_RECORDED_BODY_BYTES).toString('utf8');
    try {
      await buriedJobs.record({ tube: worker.tube, server: this.connection.name, jobId: this.job.id, body, code, reason });
      return disposition;
    } catch (error) {
      logger.error('reason of a buried job not stored; will retry the job', { tube: worker.tube, job: this.address, error });
      return { action: 'release', delaySeconds: backOffSeconds(attempt, Math.random(), worker.retry) };
    }
  }

  private async apply(disposition: Disposition): Promise<void> {
    if (disposition.action !== 'release') this.environment.ledger.forget(this.key);
    const wasHeld = await this.end(disposition);
    if (!wasHeld) this.warnOfLoss(toLogFields(disposition));
  }

  /** False: this connection no longer held the job. */
  private async end(disposition: Disposition): Promise<boolean> {
    const { priority } = jobKindOf(this.environment.worker.tube);
    if (disposition.action === 'delete') return this.connection.delete(this.job.id);
    if (disposition.action === 'bury') return this.connection.bury(this.job.id, priority);
    return this.connection.release(this.job.id, priority, disposition.delaySeconds);
  }

  private warnOfLoss(fields: object): void {
    const { logger, worker } = this.environment;
    logger.warn('job no longer held by this worker', { tube: worker.tube, job: this.address, ...fields });
  }

  private log(disposition: Disposition, { error, number }: Attempt): void {
    const { logger, worker } = this.environment;
    const fields = { tube: worker.tube, job: this.address, attempts: number, ...toLogFields(disposition) };
    if (disposition.action === 'bury') logger.error('job buried', { ...fields, error });
    else if (this.isNoFailure(error)) logger.debug('job released', fields);
    else if (disposition.action === 'release') logger.warn('job failed; will retry', { ...fields, error });
    else logger.warn('job deleted; its account is blocked', { ...fields, error });
  }
}

function toLogFields(disposition: Disposition): object {
  if (disposition.action !== 'release') return disposition;
  return { action: disposition.action, delay_seconds: disposition.delaySeconds };
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
