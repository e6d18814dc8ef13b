import type { Clock } from '#domain';
import { type Endpoint, describeEndpoint } from './endpoint.js';

/** The time for which calls skip a server that failed. */
interface Skip {
  readonly sinceMs: number;
  readonly forMs: number;
  /** One caller tries the server now; all others still skip it. */
  readonly isTried: boolean;
}

const FIRST_SKIP_MS = 1_000;
const LONGEST_SKIP_MS = 30_000;

/**
 * Remembers which servers failed. Calls skip a failed server for 1 s; then a single caller tries it. Each further failure
 * doubles the time, up to 30 s. So a server that never replies delays one caller, not all.
 */
export class ServerHealth {
  private readonly skips = new Map<string, Skip>();

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  /** The same servers, the skipped ones last. */
  availableFirst(endpoints: readonly Endpoint[]): Endpoint[] {
    const isSkipped = (endpoint: Endpoint) => this.isActive(this.skips.get(describeEndpoint(endpoint)));
    return [...endpoints.filter((endpoint) => !isSkipped(endpoint)), ...endpoints.filter(isSkipped)];
  }

  /** Call it before each call to a server. */
  markTried(server: string): void {
    const skip = this.skips.get(server);
    if (skip && !this.isActive(skip)) this.skips.set(server, { ...skip, sinceMs: this.clock.nowMs(), isTried: true });
  }

  /** Call it after a failed call. Returns the time in ms to skip the server; undefined when a parallel failure has started it. */
  markFailed(server: string): number | undefined {
    const skip = this.skips.get(server);
    if (skip && !skip.isTried) return undefined;
    const forMs = skip ? Math.min(skip.forMs * 2, LONGEST_SKIP_MS) : FIRST_SKIP_MS;
    this.skips.set(server, { sinceMs: this.clock.nowMs(), forMs, isTried: false });
    return forMs;
  }

  /** Call it after a successful call. */
  markSucceeded(server: string): void {
    this.skips.delete(server);
  }

  private isActive(skip: Skip | undefined): boolean {
    return skip !== undefined && this.clock.nowMs() < skip.sinceMs + skip.forMs;
  }
}
