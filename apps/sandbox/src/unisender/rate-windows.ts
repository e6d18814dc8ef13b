const windowMs = 60_000;

/** Counts calls in fixed windows of one minute (reference unisender 3 and 11). */
export class RateWindows {
  private window = -1;
  private counts = new Map<string, number>();

  /** Counts one call; false when the limit of this minute is spent. A limit of 0 means none. */
  take(name: string, limit: number, nowMs: number): boolean {
    if (limit === 0) return true;
    const window = Math.floor(nowMs / windowMs);
    if (window !== this.window) this.counts.clear();
    this.window = window;
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    return count <= limit;
  }
}
