import type { AlarmEntry } from './alarms.js';
import type { Connection } from './connection.js';
import { Heap } from './heap.js';
import { isDueEarlier, isMoreUrgent, isPlacedEarlier, type Job } from './job.js';
import { RotatingSet } from './rotating-set.js';

/**
 * One tube. It exists while a job or a connection refers to it (`references`).
 * Invariant between commands: a tube that is not paused never has both a waiting connection and a ready job.
 */
export class Tube implements AlarmEntry {
  readonly ready = new Heap<Job>(isMoreUrgent);
  readonly delayed = new Heap<Job>(isDueEarlier);
  readonly buried = new Heap<Job>(isPlacedEarlier);
  readonly waiting = new RotatingSet<Connection>();
  /** Number of jobs in this tube, connections that use it and connections that watch it. */
  references = 0;
  /** Connections that use this tube. */
  users = 0;
  /** Connections that watch this tube. */
  watchers = 0;
  /** Length of the current pause; 0 when the tube is not paused. */
  pauseMs = 0;
  /** End of the pause, ms since the epoch. */
  unpauseAtMs = 0;
  /** Ready jobs with a priority below 1024. */
  urgentJobs = 0;
  /** Jobs of this tube that any client has reserved. */
  reservedJobs = 0;
  /** Jobs put into this tube since it exists. */
  totalJobs = 0;
  totalDeletes = 0;
  totalPauses = 0;
  alarmAtMs = Infinity;
  heapIndex = -1;

  constructor(readonly name: string) {}

  /** True when the tube is paused at `nowMs` (ms since the epoch): it gives out no job. */
  isPausedAt(nowMs: number): boolean {
    return this.pauseMs > 0 && this.unpauseAtMs > nowMs;
  }

  /** Time of the next check, ms since the epoch: a delayed job becomes ready or the pause ends. Infinity when neither is set. */
  nextDueMs(): number {
    const delayed = this.delayed.peek()?.deadlineAtMs ?? Infinity;
    return this.pauseMs > 0 ? Math.min(delayed, this.unpauseAtMs) : delayed;
  }
}
