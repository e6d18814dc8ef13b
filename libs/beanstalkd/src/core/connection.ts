import type { Alarmed } from './alarms.js';
import { Heap } from './heap.js';
import { isDueEarlier, type Job } from './job.js';
import { RotatingSet } from './rotating-set.js';
import type { Tube } from './tube.js';

/** A reserved job's last second: its worker is not made to wait for another one in it. */
export const safetyMarginMs = 1000;

export type WaitEnd = 'TIMED_OUT' | 'DEADLINE_SOON';

/** Who is told how a waiting reserve ended. */
export interface ReserveReceiver {
  reserved(job: Job): void;
  waitEnded(why: WaitEnd): void;
}

/** One client as the queue sees it: what it uses, watches, holds and waits for. */
export class Connection implements Alarmed {
  readonly watched = new RotatingSet<Tube>();
  readonly reserved = new Heap<Job>(isDueEarlier);
  isProducer = false;
  isWorker = false;
  isWaiting = false;
  /** When the waiting ends without a job, ms since the epoch. */
  waitUntilMs = Infinity;
  alarmAtMs = Infinity;
  heapIndex = -1;

  constructor(
    public used: Tube,
    readonly receiver: ReserveReceiver,
  ) {}

  hasDeadlineSoon(nowMs: number): boolean {
    const soonest = this.reserved.peek();
    return soonest !== undefined && nowMs >= soonest.deadlineAtMs - safetyMarginMs;
  }

  /** When this connection must be looked at again: a job times out, its safety margin begins, the waiting ends. */
  nextDueMs(): number {
    const deadline = this.reserved.peek()?.deadlineAtMs ?? Infinity;
    return this.isWaiting ? Math.min(deadline - safetyMarginMs, this.waitUntilMs) : deadline;
  }
}
