import type { Clock } from '#domain';

/** Calls `onLate` once unless it is cleared in time. */
export class Deadline {
  private readonly done = new AbortController();

  constructor(clock: Clock, withinMs: number, onLate: () => void) {
    clock.sleep(withinMs, this.done.signal).then(onLate, () => {});
  }

  /** It was in time. */
  clear(): void {
    this.done.abort();
  }
}
