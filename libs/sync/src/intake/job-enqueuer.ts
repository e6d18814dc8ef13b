import { Injectable } from '@nestjs/common';
import { Clock, type Job, JobQueue, Logger } from '#domain';

/** At most one `contacts` job per account starts within this time, and one follows it. */
const MIN_INTERVAL_MS = 500;

/** Enqueues jobs for callers that must not fail when the queue is unavailable: the sweep enqueues a lost job again. */
@Injectable()
export class JobEnqueuer {
  private readonly scheduled = new Map<number, { again: boolean }>();

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

  /** Enqueues the job. A failure is logged, never thrown. */
  async enqueue(job: Job): Promise<void> {
    try {
      await this.queue.put(job);
    } catch (error) {
      this.logger.warn('job not enqueued; the sweep will enqueue it', { tube: job.tube, ...job.payload, error });
    }
  }

  private async enqueueContacts(accountId: number): Promise<void> {
    await this.enqueue({ tube: 'contacts', payload: { account_id: accountId } });
    await this.clock.sleep(MIN_INTERVAL_MS);
    const again = this.scheduled.get(accountId)?.again ?? false;
    this.scheduled.delete(accountId);
    if (again) this.enqueueContactsSoon(accountId);
  }
}
