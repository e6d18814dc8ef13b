/** Lets at most `limit()` tasks run at once, in the order they came. */
export class SendPool {
  private waiting: (() => void)[] = [];
  private head = 0;
  private running = 0;

  constructor(private readonly limit: () => number) {}

  async run(task: () => Promise<void>): Promise<void> {
    if (this.running >= this.limit()) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      await task();
    } finally {
      this.passOn();
    }
  }

  private passOn(): void {
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
