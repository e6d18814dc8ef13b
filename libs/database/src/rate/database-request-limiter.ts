import { type Clock, type RequestLimiter, TransientError } from '#domain';
import type { RateSlotStore } from '../stores/rate-slot.store.js';
import { planReservation } from './plan-reservation.js';
import type { RateRule, RateSlot } from './plan-reservation.js';

/** When a request may leave, and the value that it wrote into each slot. */
interface Reservation {
  readonly at: number;
  readonly nextAt: ReadonlyMap<string, number>;
}

/** A strict limit counts the requests in any second: a request later than this would share a second with too many others. */
const TOLERABLE_LATENESS_MS = 25;

const pauseKey = (key: string) => `${key}/pause`;

/**
 * Keeps vendor limits over all processes of the deployment: each request reserves its slot in the database and waits for it.
 * `rules` returns the limit of a key. A call names the key of the widest limit first. Waiting requests have no fixed order.
 */
export class DatabaseRequestLimiter implements RequestLimiter {
  constructor(
    private readonly slots: RateSlotStore,
    private readonly clock: Clock,
    private readonly rules: (key: string) => RateRule,
  ) {}

  /** Throws the signal's reason, or TransientError `vendor_paused` or `database_unavailable`. The reserved slot is lost then. */
  async acquire(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const distinct = [...new Set(keys)];
    if (distinct.length > 0) {
      await this.acquireAll(distinct, signal);
    }
  }

  /** Stops all requests under the key for `forMs`, in every process. */
  async pause(key: string, forMs: number): Promise<void> {
    await this.slots.put(pauseKey(key), this.clock.nowMs() + forMs);
  }

  private assertNotPaused(keys: readonly string[], stored: ReadonlyMap<string, number>): void {
    const restMs = Math.max(...keys.map((key) => stored.get(pauseKey(key)) ?? 0)) - this.clock.nowMs();
    if (restMs <= 0) return;
    throw new TransientError(`requests to ${keys[0] ?? ''} are paused`, { code: 'vendor_paused', retryAfterMs: restMs });
  }

  private async acquireAll(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    let reservation: Reservation | undefined;
    do {
      reservation = await this.reserve(keys, reservation, signal);
      await this.sleepUntil(reservation.at, signal);
    } while (this.isTooLate(reservation, keys));
  }

  private async reserve(keys: readonly string[], missed: Reservation | undefined, signal?: AbortSignal): Promise<Reservation> {
    for (;;) {
      signal?.throwIfAborted();
      const stored = await this.slots.find([...keys, ...keys.map(pauseKey)]);
      this.assertNotPaused(keys, stored);
      const plan = planReservation(
        keys.map((key) => this.toSlot(key, stored.get(key), missed)),
        this.clock.nowMs(),
      );
      if (plan.kind === 'wait') {
        await this.sleepUntil(plan.untilMs, signal);
        continue;
      }
      const moves = keys.map((key, index) => ({ key, from: stored.get(key), to: plan.nextAt[index] ?? plan.at }));
      if (await this.slots.tryMove(moves)) {
        return { at: plan.at, nextAt: new Map(moves.map(({ key, to }) => [key, to])) };
      }
    }
  }

  /** A missed slot is free again unless another request has reserved the next one. */
  private toSlot(key: string, stored: number | undefined, missed: Reservation | undefined): RateSlot {
    const rule = this.rules(key);
    const isOurs = stored !== undefined && missed?.nextAt.get(key) === stored;
    return { key, rule, nextAt: isOurs ? stored - rule.intervalMs : (stored ?? 0) };
  }

  private isTooLate(reservation: Reservation, keys: readonly string[]): boolean {
    return this.clock.nowMs() - reservation.at > TOLERABLE_LATENESS_MS && keys.some((key) => this.rules(key).burst === 1);
  }

  private async sleepUntil(atMs: number, signal?: AbortSignal): Promise<void> {
    const restMs = atMs - this.clock.nowMs();
    if (restMs > 0) {
      await this.clock.sleep(restMs, signal);
    }
  }
}
