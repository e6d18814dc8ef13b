const MAX_REMEMBERED = 10_000;

/**
 * What this process knows about jobs and their server does not: which jobs still run here although their connection was lost,
 * and how often a job was released without a failure.
 */
export class JobLedger {
  private readonly running = new Set<string>();
  private readonly releases = new Map<string, number>();

  /** Runs the job and returns true. Returns false at once when the job already runs in this process. */
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

  /** Counts a release without a failure. Keeps the counts of the last 10,000 jobs. */
  countRelease(job: string): void {
    const count = this.releasesOf(job) + 1;
    this.forget(job);
    this.releases.set(job, count);
    if (this.releases.size > MAX_REMEMBERED) this.releases.delete(this.releases.keys().next().value ?? '');
  }

  /** How often this process released the job without a failure. */
  releasesOf(job: string): number {
    return this.releases.get(job) ?? 0;
  }

  /** Removes the job's count after the job has ended. */
  forget(job: string): void {
    this.releases.delete(job);
  }
}
