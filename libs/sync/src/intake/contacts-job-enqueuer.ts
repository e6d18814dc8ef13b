import type { SyncContext } from '../context.js';

/** One job per account and so many milliseconds is enough to wake a worker. */
const RING_EVERY_MS = 500;

/**
 * Puts "account N has events waiting" without a caller waiting for it. Rings that come close together become two: one at
 * once, one when the time is over. A queue that is down costs time only: the sweep rings again.
 */
export class ContactsJobEnqueuer {
  private readonly scheduled = new Map<number, { again: boolean }>();

  constructor(private readonly context: SyncContext) {}

  /** Wakes a worker soon; returns at once and never throws. */
  enqueueSoon(accountId: number): void {
    const current = this.scheduled.get(accountId);
    if (current) {
      current.again = true;
      return;
    }
    this.scheduled.set(accountId, { again: false });
    void this.put(accountId);
  }

  private async put(accountId: number): Promise<void> {
    const { queue, clock, logger } = this.context;
    try {
      await queue.put({ tube: 'contacts', payload: { account_id: accountId } });
    } catch (error) {
      logger.warn('a job could not be put; the sweep will', { account_id: accountId, error });
    }
    await clock.sleep(RING_EVERY_MS);
    const again = this.scheduled.get(accountId)?.again ?? false;
    this.scheduled.delete(accountId);
    if (again) this.enqueueSoon(accountId);
  }
}
