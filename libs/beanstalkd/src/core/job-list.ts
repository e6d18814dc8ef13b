import type { Job } from './job.js';

/** Jobs in the order of their arrival. Removes a job from any position in O(1). A job is in one list at most. */
export class JobList {
  private head: Job | undefined = undefined;
  private tail: Job | undefined = undefined;
  private count = 0;

  /** Number of jobs. */
  get size(): number {
    return this.count;
  }

  /** The job that arrived first; undefined when the list is empty. */
  get first(): Job | undefined {
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

  /** All jobs in their order. The list must not be changed meanwhile. */
  *[Symbol.iterator](): Generator<Job> {
    for (let job = this.head; job; job = job.next) yield job;
  }
}
