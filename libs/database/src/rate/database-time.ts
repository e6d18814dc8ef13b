/** One reading of the database's clock, and when it was requested and received, in elapsed milliseconds of this process. */
export interface TimeReading {
  readonly databaseMs: number;
  readonly requestedAtMs: number;
  readonly receivedAtMs: number;
}

/** The database cuts off parts of a millisecond. */
const RESOLUTION_MS = 1;
/** Two clocks drift apart by at most this part of the time, also while one of them is corrected. */
const MAX_DRIFT = 0.001;
/** A reading this far outside the known bounds means that the database's clock was set. */
const JUMP_MS = 10;

/**
 * The database's time, known to this process within bounds. All processes share that time; their own clocks may differ by minutes.
 * Each reading narrows the bounds: the database read its clock between request and response.
 */
export class DatabaseTime {
  /** Bounds of "database time minus elapsed time" at `boundsAtMs`. */
  private lowest = -Infinity;
  private highest = Infinity;
  private boundsAtMs = 0;
  private jumpMs: number | undefined;

  /** The database's time just after its last jump; undefined while no jump was seen. */
  get jumpedAtMs(): number | undefined {
    return this.jumpMs;
  }

  /** How far the result of {@link toElapsedMs} may be too late. */
  get uncertaintyMs(): number {
    return this.highest - this.lowest;
  }

  /** Takes a reading into account. */
  observe({ databaseMs, requestedAtMs, receivedAtMs }: TimeReading): void {
    const drift = (receivedAtMs - this.boundsAtMs) * MAX_DRIFT;
    const lowest = databaseMs - receivedAtMs;
    const highest = databaseMs + RESOLUTION_MS - requestedAtMs;
    const outsideMs = Math.max(lowest - this.highest, this.lowest - highest) - drift;
    if (outsideMs > JUMP_MS) this.jumpMs = databaseMs;
    this.lowest = outsideMs > 0 ? lowest : Math.max(lowest, this.lowest - drift);
    this.highest = outsideMs > 0 ? highest : Math.min(highest, this.highest + drift);
    this.boundsAtMs = receivedAtMs;
  }

  /** The elapsed time of this process at which the database's clock has certainly reached `databaseMs`. */
  toElapsedMs(databaseMs: number): number {
    return databaseMs - this.lowest;
  }
}
