import type { Clock } from '#domain';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to. */
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

/** Asks until the answer holds; each question is a real round trip, so nothing spins. */
export async function eventually<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 2000; tries += 1) {
    const answer = await ask();
    if (holds(answer)) return answer;
  }
  throw new Error('never came true');
}
