import type { Clock } from '#domain';
import { type Endpoint, describeEndpoint } from './endpoint.js';

interface Rest {
  readonly sinceMs: number;
  readonly forMs: number;
  /** Somebody tries the server while all others still pass it by. */
  readonly isTried: boolean;
}

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

/**
 * Remembers which servers failed. One that did is passed by for a second, then tried by a single caller; each time that one
 * fails the rest is twice as long, up to half a minute. So a server that swallows calls delays one caller, not all.
 */
export class ServerHealth {
  private readonly rests = new Map<string, Rest>();

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  /** The same servers, those that rest last. */
  liveFirst(endpoints: readonly Endpoint[]): Endpoint[] {
    const isResting = (endpoint: Endpoint) => this.isResting(this.rests.get(describeEndpoint(endpoint)));
    return [...endpoints.filter((endpoint) => !isResting(endpoint)), ...endpoints.filter(isResting)];
  }

  /** To be told before a call. */
  trying(server: string): void {
    const rest = this.rests.get(server);
    if (rest && !this.isResting(rest)) this.rests.set(server, { ...rest, sinceMs: this.clock.nowMs(), isTried: true });
  }

  /** To be told when a call failed. Gives the rest in milliseconds that begins by it; many that fail together begin one. */
  failed(server: string): number | undefined {
    const rest = this.rests.get(server);
    if (rest && !rest.isTried) return undefined;
    const forMs = rest ? Math.min(rest.forMs * 2, LONGEST_REST_MS) : FIRST_REST_MS;
    this.rests.set(server, { sinceMs: this.clock.nowMs(), forMs, isTried: false });
    return forMs;
  }

  /** To be told when a call went well. */
  succeeded(server: string): void {
    this.rests.delete(server);
  }

  private isResting(rest: Rest | undefined): boolean {
    return rest !== undefined && this.clock.nowMs() < rest.sinceMs + rest.forMs;
  }
}
