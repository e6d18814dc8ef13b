const MAX_REMEMBERED = 10_000;

/**
 * What this process knows about jobs that their server does not: which of them still run here, though their connection was
 * lost and the server gives them away again, and how often they were put back without having failed.
 */
export class JobLedger {
  private readonly running = new Set<string>();
  private readonly holds = new Map<string, number>();

  /** Runs the job unless it runs here already. False: it does. */
  async runOnce(job: string, run: () => Promise<void>): Promise<boolean> {
    if (this.running.has(job)) return false;
    this.running.add(job);
    try {
      await run();
    } finally {
      this.running.delete(job);
    }
    return true;
  }

  /** The job was put back, and not because it failed. */
  putBack(job: string): void {
    const count = this.holdsOf(job) + 1;
    this.forget(job);
    this.holds.set(job, count);
    if (this.holds.size > MAX_REMEMBERED) this.holds.delete(this.holds.keys().next().value ?? '');
  }

  /** How often it was put back here without having failed. */
  holdsOf(job: string): number {
    return this.holds.get(job) ?? 0;
  }

  /** The job ended. */
  forget(job: string): void {
    this.holds.delete(job);
  }
}
