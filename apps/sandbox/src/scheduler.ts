import { setMaxListeners } from 'node:events';
import type { Clock } from '#domain';

/** Runs actions later, by the injected clock. */
export class Scheduler {
  private readonly closing = new AbortController();

  constructor(private readonly clock: Clock) {
    // Each pending sleep adds a listener to this signal, and many hooks may wait at the same time.
    setMaxListeners(0, this.closing.signal);
  }

  /** Runs the action after the delay. */
  after(delayMs: number, action: () => void): void {
    if (delayMs <= 0) return void queueMicrotask(action);
    this.clock.sleep(delayMs, this.closing.signal).then(action, () => undefined);
  }

  /** Cancels all waiting actions. */
  close(): void {
    this.closing.abort();
  }
}
