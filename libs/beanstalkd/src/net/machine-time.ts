/** Current time, ms since the epoch, as in the log files. This file alone reads the clock and sets timers in this library. */
export function machineNowMs(): number {
  return Date.now();
}

const longestTimerMs = 2 ** 31 - 1;

/** One timer. Setting it again replaces the earlier time. */
export class Wakeup {
  private timer: NodeJS.Timeout | undefined;
  private setForMs = Infinity;

  /** `onDue` is called once for each time that is set, unless the time is replaced or cleared before. */
  constructor(private readonly onDue: () => void) {}

  /** True when a time is set and has not come yet. */
  get isSet(): boolean {
    return this.timer !== undefined;
  }

  /** Calls `onDue` at `atMs` (ms since the epoch) or soon after it; after 24.8 days at the latest. Infinity: only clears the timer. */
  setFor(atMs: number): void {
    if (atMs === this.setForMs) return;
    this.clear();
    if (atMs === Infinity) return;
    this.setForMs = atMs;
    const delayMs = Math.min(Math.max(0, Math.ceil(atMs - machineNowMs())), longestTimerMs);
    this.timer = setTimeout(() => this.fire(), delayMs);
  }

  /** Cancels the timer. */
  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.setForMs = Infinity;
  }

  private fire(): void {
    this.clear();
    this.onDue();
  }
}
