import type { AlarmEntry } from './alarms.js';
import { Heap } from './heap.js';
import { isDueEarlier, type Job } from './job.js';
import { RotatingSet } from './rotating-set.js';
import type { Tube } from './tube.js';

/**
 * Length of the safety margin at the end of a reserved job's time-to-run, in ms. During it a reserve of the same client does
 * not wait (protocol.txt, DEADLINE_SOON).
 */
export const safetyMarginMs = 1000;

/** The reply to a reserve that ends without a job (protocol.txt, "Worker Commands"). */
export type WaitEnd = 'TIMED_OUT' | 'DEADLINE_SOON';

/** Receives the outcome of a reserve that got no job at once. One method is called, once, unless the client disconnects before. */
export interface ReserveReceiver {
  /** The connection has reserved `job`. */
  reserved(job: Job): void;
  /** The wait has ended without a job. */
  waitEnded(why: WaitEnd): void;
}

/** State of one client in the queue: its used tube, its watched tubes, its reserved jobs and its waiting reserve. */
export class Connection implements AlarmEntry {
  /** The watch list, in beanstalkd's order. */
  readonly watched = new RotatingSet<Tube>();
  /** Jobs that this client has reserved; the one that times out first is on top. */
  readonly reserved = new Heap<Job>(isDueEarlier);
  /** The client has sent at least one put. */
  isProducer = false;
  /** The client has sent at least one reserve of any kind. */
  isWorker = false;
  /** A reserve of this client waits for a job. */
  isWaiting = false;
  /** Time at which the waiting reserve times out, ms since the epoch. */
  waitUntilMs = Infinity;
  alarmAtMs = Infinity;
  heapIndex = -1;

  /** `used`: the tube that `put` writes to. `receiver` gets the outcome of waiting reserves. */
  constructor(
    public used: Tube,
    readonly receiver: ReserveReceiver,
  ) {}

  /** True when a reserved job is within its safety margin at `nowMs` (ms since the epoch). */
  hasDeadlineSoon(nowMs: number): boolean {
    const soonest = this.reserved.peek();
    return soonest !== undefined && nowMs >= soonest.deadlineAtMs - safetyMarginMs;
  }

  /** Time of the next check, ms since the epoch: a job times out, its safety margin begins, or the waiting reserve times out. */
  nextDueMs(): number {
    const deadline = this.reserved.peek()?.deadlineAtMs ?? Infinity;
    return this.isWaiting ? Math.min(deadline - safetyMarginMs, this.waitUntilMs) : deadline;
  }
}
