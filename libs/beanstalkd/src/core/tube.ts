import type { Alarmed } from './alarms.js';
import { BuriedList } from './buried-list.js';
import type { Connection } from './connection.js';
import { Heap } from './heap.js';
import { isDueEarlier, isMoreUrgent, type Job } from './job.js';
import { RotatingSet } from './rotating-set.js';

/**
 * One tube. It lives as long as a job, a user or a watcher refers to it (`references`).
 * Invariant between commands: it never has a waiting connection and a ready job together unless it is paused.
 */
export class Tube implements Alarmed {
  readonly ready = new Heap<Job>(isMoreUrgent);
  readonly delayed = new Heap<Job>(isDueEarlier);
  readonly buried = new BuriedList();
  readonly waiting = new RotatingSet<Connection>();
  references = 0;
  users = 0;
  watchers = 0;
  pauseMs = 0;
  unpauseAtMs = 0;
  urgentJobs = 0;
  reservedJobs = 0;
  totalJobs = 0;
  totalDeletes = 0;
  totalPauses = 0;
  alarmAtMs = Infinity;
  heapIndex = -1;

  constructor(readonly name: string) {}

  isPausedAt(nowMs: number): boolean {
    return this.pauseMs > 0 && this.unpauseAtMs > nowMs;
  }

  /** When this tube must be looked at again: its first delayed job is due or its pause ends. */
  nextDueMs(): number {
    const delayed = this.delayed.peek()?.deadlineAtMs ?? Infinity;
    return this.pauseMs > 0 ? Math.min(delayed, this.unpauseAtMs) : delayed;
  }
}
