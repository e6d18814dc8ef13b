import type { Clock } from '#domain';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that moves only with `advance`. */
export class ManualClock implements Clock {
  private sleepers: Sleeper[] = [];

  constructor(private now: number) {}

  nowMs(): number {
    return this.now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const sleeper: Sleeper = { dueMs: this.now + ms, wake: resolve };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  advance(ms: number): void {
    this.now += ms;
    const due = this.sleepers.filter(({ dueMs }) => dueMs <= this.now);
    this.sleepers = this.sleepers.filter(({ dueMs }) => dueMs > this.now);
    for (const { wake } of due.sort((one, other) => one.dueMs - other.dueMs)) wake();
  }

  get sleeping(): number {
    return this.sleepers.length;
  }
}

/** Repeats `read` until `holds` accepts its result. Each call of `read` must be a network round trip. */
export async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 2000; tries += 1) {
    const value = await read();
    if (holds(value)) return value;
  }
  throw new Error('the condition did not become true');
}
