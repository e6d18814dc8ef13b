import type { Job } from './job.js';

/** Buried jobs of a tube, first in, first out. Removes a job from any position in O(1). A job is in one list at most. */
export class BuriedList {
  private head: Job | undefined = undefined;
  private tail: Job | undefined = undefined;
  private count = 0;

  /** Number of buried jobs. */
  get size(): number {
    return this.count;
  }

  /** Returns the job that was buried first, without removing it; undefined when the list is empty. */
  peek(): Job | undefined {
    return this.head;
  }

  /** Adds a job at the end. The job must not be in the list. */
  append(job: Job): void {
    job.previous = this.tail;
    if (this.tail) this.tail.next = job;
    else this.head = job;
    this.tail = job;
    this.count += 1;
  }

  /** Removes a job. The job must be in this list. */
  remove(job: Job): void {
    if (job.previous) job.previous.next = job.next;
    else this.head = job.next;
    if (job.next) job.next.previous = job.previous;
    else this.tail = job.previous;
    job.previous = undefined;
    job.next = undefined;
    this.count -= 1;
  }
}
