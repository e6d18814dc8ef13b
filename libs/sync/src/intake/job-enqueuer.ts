import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Clock, type Job, JobQueue, Logger } from '#domain';

/** At most one `contacts` job per account starts within this time, and one follows it. */
const MIN_INTERVAL_MS = 500;

/** The job of a run is tried again at this interval, for ten minutes. */
const RETRY_INTERVAL_MS = 1_000;
const RETRIES = 600;
/** More runs are left to the sweep. */
const MAX_RETRIED = 1_000;

/** Enqueues jobs for callers that must not fail when the queue is unavailable: the sweep enqueues a lost job again. */
@Injectable()
export class JobEnqueuer implements OnModuleDestroy {
  private readonly scheduled = new Map<number, { again: boolean }>();
  private readonly retried = new Set<string>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly queue: JobQueue,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Enqueues a `contacts` job of the account in the background. Calls that follow within half a second result in one more
   * job after that time. Returns at once and never throws.
   */
  enqueueContactsSoon(accountId: number): void {
    const current = this.scheduled.get(accountId);
    if (current) {
      current.again = true;
      return;
    }
    this.scheduled.set(accountId, { again: false });
    void this.enqueueContacts(accountId);
  }

  /**
   * Enqueues the job. A failure is logged, never thrown. The job of a run is then enqueued as soon as the queue is available: a person
   * waits for it, and the sweep looks only for runs that are silent for a minute.
   */
  async enqueue(job: Job): Promise<void> {
    try {
      await this.queue.put(job);
    } catch (error) {
      this.logger.warn('job not enqueued; the sweep will enqueue it', { tube: job.tube, ...job.payload, error });
      if (job.tube === 'imports') void this.retry(job, job.payload.run_id);
    }
  }

  /** Ends the attempts that go on. */
  onModuleDestroy(): void {
    this.stopping.abort();
  }

  private async retry(job: Job, runId: string): Promise<void> {
    if (this.retried.has(runId) || this.retried.size >= MAX_RETRIED) return;
    this.retried.add(runId);
    const { signal } = this.stopping;
    for (let attempt = 0; attempt < RETRIES; attempt += 1) {
      await this.clock.sleep(RETRY_INTERVAL_MS, signal).catch(() => {});
      if (signal.aborted || (await this.tryEnqueue(job))) break;
    }
    this.retried.delete(runId);
  }

  private async tryEnqueue(job: Job): Promise<boolean> {
    return this.queue.put(job).then(
      () => true,
      () => false,
    );
  }

  private async enqueueContacts(accountId: number): Promise<void> {
    await this.enqueue({ tube: 'contacts', payload: { account_id: accountId } });
    await this.clock.sleep(MIN_INTERVAL_MS);
    const again = this.scheduled.get(accountId)?.again ?? false;
    this.scheduled.delete(accountId);
    if (again) this.enqueueContactsSoon(accountId);
  }
}
