import type { Job } from './job.js';

/** Buried jobs of a tube, first in first out, with removal from the middle in O(1). */
export class BuriedList {
  private head: Job | undefined = undefined;
  private tail: Job | undefined = undefined;
  private count = 0;

  get size(): number {
    return this.count;
  }

  peek(): Job | undefined {
    return this.head;
  }

  append(job: Job): void {
    job.previous = this.tail;
    if (this.tail) this.tail.next = job;
    else this.head = job;
    this.tail = job;
    this.count += 1;
  }

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
