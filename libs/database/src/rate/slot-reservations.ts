import { TransientError } from '#domain';
import type { RateSlotStore, SlotMove } from '../stores/rate-slot.store.js';
import { DatabaseTime } from './database-time.js';
import { MAX_DELAY_MS, planReservation } from './plan-reservation.js';
import type { RateRule, RateSlot, ReservationTime } from './plan-reservation.js';

/** A reserved slot. Times are elapsed milliseconds of this process. */
export interface Reservation {
  /** The request leaves at this time or shortly after. */
  readonly atMs: number;
  /** A later request must give up the slot. */
  readonly tooLateAfterMs: number;
  /** The stored values that the reservation replaced. */
  readonly moves: readonly SlotMove[];
}

/** No slot is free before `untilMs`, in elapsed milliseconds of this process. */
export interface ReservationWait {
  readonly kind: 'wait';
  readonly untilMs: number;
  readonly limitedBy: 'widest' | 'narrower';
}

/** What came of one attempt to reserve. */
export type ReservationOutcome =
  | { readonly kind: 'reserved'; readonly reservation: Reservation }
  /** Another process was faster: plan again. */
  | { readonly kind: 'lost' }
  | ReservationWait;

/** A strict limit counts the requests in any second: a request later than this would share a second with too many others. */
const TOLERABLE_LATENESS_MS = 25;
/** A shorter write makes no request late. */
const SHORT_WRITE_MS = 10;
/** Processes that wait for the same slot wake at different times, so that each gets its share. */
const JITTER_MS = 20;

/** The key under which the end of a key's pause is stored. */
export const pauseKey = (key: string) => `${key}/pause`;

/** Reserves slots in the database, by the database's clock. */
export class SlotReservations {
  private readonly time = new DatabaseTime();
  /** How long a write is expected to take. */
  private writeMs = 0;

  constructor(
    private readonly slots: RateSlotStore,
    private readonly elapsedMs: () => number,
    private readonly rules: (key: string) => RateRule | undefined,
  ) {}

  /**
   * Tries once to reserve a slot of every key that has a limit. `missed` is a reservation that was too late: its slots are used
   * again unless another request has reserved the next ones. `extraMs` is how much longer than usual the slot is.
   * Throws TransientError `vendor_paused` or `database_unavailable`.
   */
  async tryReserve(keys: readonly string[], missed: Reservation | undefined, extraMs: number): Promise<ReservationOutcome> {
    const requestedAtMs = this.elapsedMs();
    const { nowMs, nextAt } = await this.slots.read([...keys, ...keys.map(pauseKey)]);
    this.time.observe({ databaseMs: nowMs, requestedAtMs, receivedAtMs: this.elapsedMs() });
    assertNotPaused(keys, nextAt, nowMs);
    const slots = keys.flatMap((key) => this.findSlot(key, nextAt.get(key), missed) ?? []);
    const time = this.toReservationTime(nowMs, extraMs);
    const plan = planReservation(slots, time);
    if (plan.kind === 'wait') return { ...plan, untilMs: this.time.toElapsedMs(plan.untilMs) + Math.random() * JITTER_MS };
    const moves = slots.map(({ key }, index) => ({ key, from: nextAt.get(key), to: plan.nextAt[index] ?? plan.at }));
    if (!(await this.tryWrite(moves))) return { kind: 'lost' };
    const atMs = this.time.toElapsedMs(plan.at);
    const tooLateAfterMs = atMs + TOLERABLE_LATENESS_MS + time.extraMs - this.time.uncertaintyMs;
    return { kind: 'reserved', reservation: { atMs, tooLateAfterMs, moves } };
  }

  private toReservationTime(nowMs: number, extraMs: number): ReservationTime & { readonly extraMs: number } {
    const { uncertaintyMs, jumpedAtMs } = this.time;
    const writeMs = this.writeMs > SHORT_WRITE_MS ? Math.min(this.writeMs, MAX_DELAY_MS) : 0;
    const uncertainMs = uncertaintyMs > TOLERABLE_LATENESS_MS / 2 ? uncertaintyMs : 0;
    return { nowMs, soonestMs: nowMs + writeMs, extraMs: Math.min(extraMs + uncertainMs, MAX_DELAY_MS), jumpedAtMs };
  }

  /** Returns the slot to plan with; undefined for a key without a limit. */
  private findSlot(key: string, stored: number | undefined, missed: Reservation | undefined): RateSlot | undefined {
    const rule = this.rules(key);
    const ours = missed?.moves.find((move) => move.key === key && move.to === stored);
    return rule && { key, rule, nextAt: (ours ? ours.from : stored) ?? 0 };
  }

  private async tryWrite(moves: readonly SlotMove[]): Promise<boolean> {
    if (moves.length === 0) return true;
    const startedAtMs = this.elapsedMs();
    const isWritten = await this.slots.tryMove(moves);
    const tookMs = this.elapsedMs() - startedAtMs;
    this.writeMs = Math.max(tookMs, (this.writeMs + tookMs) / 2);
    return isWritten;
  }
}

function assertNotPaused(keys: readonly string[], stored: ReadonlyMap<string, number>, nowMs: number): void {
  const restMs = Math.max(...keys.map((key) => stored.get(pauseKey(key)) ?? 0)) - nowMs;
  if (restMs <= 0) return;
  throw new TransientError(`requests to ${keys[0] ?? ''} are paused`, { code: 'vendor_paused', retryAfterMs: restMs });
}
