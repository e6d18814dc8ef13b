import { systemElapsedMs } from '#clock';
import { type Clock, type Logger, type RequestLimiter, silentLogger, type Vendor, type VendorRefusal } from '#domain';
import type { PauseStore } from '../stores/pause.store.js';
import type { RateSlotStore } from '../stores/rate-slot.store.js';
import type { RateRule } from './plan-reservation.js';
import { RequestLane } from './request-lane.js';
import { SlotReservations } from './slot-reservations.js';
import { VendorPauses, vendorOf } from './vendor-pauses.js';

/** How long a request of this process waits for its turn. A class, so that it is its own injection token. */
export abstract class RequestPatience {
  abstract readonly maxWaitMs: number;
}

/** What tests and special processes change. */
export interface LimiterOptions {
  /** How long a request waits for its turn. Default: 60 s. */
  readonly maxWaitMs?: number;
  /** Milliseconds since an arbitrary start, by a clock that never jumps. Default: that of the system. */
  readonly elapsedMs?: () => number;
  /** Gets a line for each pause. Default: none does. */
  readonly logger?: Logger;
  /** Called for each request that may leave. Must not throw. Default: no effect. */
  readonly onRequest?: (vendor: Vendor) => void;
}

/** What all processes share. */
export interface LimiterStores {
  readonly slots: RateSlotStore;
  readonly pauses: PauseStore;
}

const DEFAULT_MAX_WAIT_MS = 60_000;

/**
 * Keeps vendor limits over all processes of the deployment: each request reserves the next free slot in the database and waits for
 * it. The time is the database's: clocks of processes may differ and jump. `rules` returns the limit of a key; undefined: none.
 *
 * A call names the key of the widest limit first. Requests with the same widest key wait in one line, unless a call names another
 * line: those with the same other keys leave in order, different ones take turns.
 */
export class DatabaseRequestLimiter implements RequestLimiter {
  private readonly lanes = new Map<string, RequestLane>();
  private readonly pauses: VendorPauses;
  private readonly reservations: SlotReservations;
  private readonly elapsedMs: () => number;
  private readonly maxWaitMs: number;
  private readonly onRequest: (vendor: Vendor) => void;

  constructor(
    stores: LimiterStores,
    private readonly clock: Clock,
    rules: (key: string) => RateRule | undefined,
    { elapsedMs = systemElapsedMs, maxWaitMs = DEFAULT_MAX_WAIT_MS, logger = silentLogger, onRequest = () => {} }: LimiterOptions = {},
  ) {
    this.elapsedMs = elapsedMs;
    this.maxWaitMs = maxWaitMs;
    this.onRequest = onRequest;
    this.pauses = new VendorPauses(stores.pauses, logger);
    this.reservations = new SlotReservations(stores.slots, this.pauses, elapsedMs, rules);
  }

  /**
   * Throws the signal's reason, or TransientError: `vendor_paused` or the code of another pause, `database_unavailable`, or
   * `request_limit_busy` after the longest wait. A slot that was reserved is lost then.
   */
  async acquire(keys: readonly string[], signal?: AbortSignal, line?: string): Promise<void> {
    signal?.throwIfAborted();
    const distinct = [...new Set(keys)];
    const [widest] = distinct;
    if (widest === undefined) return;
    await this.laneOf(line ?? widest).pass(distinct, signal);
    this.onRequest(vendorOf(widest));
  }

  /** Stops further requests under the key in every process. See {@link VendorPauses.refuse}. */
  async pause(key: string, refusal: VendorRefusal): Promise<void> {
    await this.pauses.refuse(key, refusal);
  }

  /** Forgets the refusals of a key. See {@link VendorPauses.resume}. */
  async resume(key: string): Promise<void> {
    await this.pauses.resume(key);
  }

  private laneOf(line: string): RequestLane {
    const { clock, elapsedMs, maxWaitMs } = this;
    const lane = this.lanes.get(line) ?? new RequestLane(this.reservations, { clock, elapsedMs, maxWaitMs });
    this.lanes.set(line, lane);
    return lane;
  }
}
