import { setMaxListeners } from 'node:events';
import type { Clock } from '#domain';

/** Runs things later on the injected clock; `close` forgets whatever is still due. */
export class Scheduler {
  private readonly closing = new AbortController();

  constructor(private readonly clock: Clock) {
    // Each pending sleep listens on this one signal: many hooks may be due at once.
    setMaxListeners(0, this.closing.signal);
  }

  after(delayMs: number, action: () => void): void {
    if (delayMs <= 0) return void queueMicrotask(action);
    this.clock.sleep(delayMs, this.closing.signal).then(action, () => undefined);
  }

  close(): void {
    this.closing.abort();
  }
}
