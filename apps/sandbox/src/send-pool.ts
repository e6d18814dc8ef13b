/** Runs at most `limit()` tasks at the same time, in the order of their arrival. */
export class SendPool {
  private waiting: (() => void)[] = [];
  private head = 0;
  private running = 0;

  constructor(private readonly limit: () => number) {}

  /** Waits for a free place, then runs the task. */
  async run(task: () => Promise<void>): Promise<void> {
    if (this.running >= this.limit()) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      await task();
    } finally {
      this.startNext();
    }
  }

  private startNext(): void {
    const next = this.waiting[this.head];
    if (!next) {
      this.waiting = [];
      this.head = 0;
      this.running -= 1;
      return;
    }
    this.head += 1;
    next();
  }
}
