import { systemElapsedMs } from '#clock';
import type { Clock, RequestLimiter } from '#domain';
import type { RateSlotStore } from '../stores/rate-slot.store.js';
import type { RateRule } from './plan-reservation.js';
import { RequestLane } from './request-lane.js';
import { pauseKey, SlotReservations } from './slot-reservations.js';

/** What tests and special processes change. */
export interface LimiterOptions {
  /** How long a request waits for its turn. Default: 60 s. */
  readonly maxWaitMs?: number;
  /** Milliseconds since an arbitrary start, by a clock that never jumps. Default: that of the system. */
  readonly elapsedMs?: () => number;
}

const DEFAULT_MAX_WAIT_MS = 60_000;

/**
 * Keeps vendor limits over all processes of the deployment: each request reserves the next free slot in the database and waits for
 * it. The time is the database's: clocks of processes may differ and jump. `rules` returns the limit of a key; undefined: none.
 *
 * A call names the key of the widest limit first. Requests with the same widest key wait in one line: those with the same other
 * keys leave in order, different ones take turns.
 */
export class DatabaseRequestLimiter implements RequestLimiter {
  private readonly lanes = new Map<string, RequestLane>();
  private readonly reservations: SlotReservations;
  private readonly elapsedMs: () => number;
  private readonly maxWaitMs: number;

  constructor(
    private readonly slots: RateSlotStore,
    private readonly clock: Clock,
    rules: (key: string) => RateRule | undefined,
    { elapsedMs = systemElapsedMs, maxWaitMs = DEFAULT_MAX_WAIT_MS }: LimiterOptions = {},
  ) {
    this.elapsedMs = elapsedMs;
    this.maxWaitMs = maxWaitMs;
    this.reservations = new SlotReservations(slots, elapsedMs, rules);
  }

  /**
   * Throws the signal's reason, or TransientError: `vendor_paused`, `database_unavailable`, or `request_limit_busy` after the longest
   * wait. A slot that was reserved is lost then.
   */
  async acquire(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const distinct = [...new Set(keys)];
    const [widest] = distinct;
    if (widest !== undefined) await this.laneOf(widest).pass(distinct, signal);
  }

  /** Stops all requests under the key for `forMs`, in every process. */
  async pause(key: string, forMs: number): Promise<void> {
    const { nowMs } = await this.slots.read([]);
    await this.slots.put(pauseKey(key), nowMs + forMs);
  }

  private laneOf(widest: string): RequestLane {
    const { clock, elapsedMs, maxWaitMs } = this;
    const lane = this.lanes.get(widest) ?? new RequestLane(this.reservations, { clock, elapsedMs, maxWaitMs });
    this.lanes.set(widest, lane);
    return lane;
  }
}
