/** The only place of this library that knows what time it is. ms since the epoch, as in the log on disk. */
export function machineNowMs(): number {
  return Date.now();
}

const longestTimerMs = 2 ** 31 - 1;

/** One timer that is set again and again; setting it replaces what was set before. */
export class Wakeup {
  private timer: NodeJS.Timeout | undefined;
  private setForMs = Infinity;

  constructor(private readonly onWake: () => void) {}

  get isSet(): boolean {
    return this.timer !== undefined;
  }

  /** Wakes at that moment or as soon after it as the process gets to it. Infinity: never. */
  setFor(atMs: number): void {
    if (atMs === this.setForMs) return;
    this.clear();
    if (atMs === Infinity) return;
    this.setForMs = atMs;
    const delayMs = Math.min(Math.max(0, Math.ceil(atMs - machineNowMs())), longestTimerMs);
    this.timer = setTimeout(() => this.ring(), delayMs);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.setForMs = Infinity;
  }

  private ring(): void {
    this.clear();
    this.onWake();
  }
}
