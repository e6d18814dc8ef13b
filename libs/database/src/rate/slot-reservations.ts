import type { RateSlotStore, SlotMove, StoredSlots } from '../stores/rate-slot.store.js';
import { DatabaseTime } from './database-time.js';
import { MAX_DELAY_MS, planReservation } from './plan-reservation.js';
import type { RateRule, ReservationTime } from './plan-reservation.js';
import type { VendorPauses } from './vendor-pauses.js';

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
  /** No key has a limit: the request leaves at once. */
  | { readonly kind: 'unlimited' }
  /** Another process was faster: plan again. */
  | { readonly kind: 'lost' }
  | ReservationWait;

/** A strict limit counts the requests in any second: a request later than this would share a second with too many others. */
const TOLERABLE_LATENESS_MS = 25;
/** A shorter write makes no request late. */
const SHORT_WRITE_MS = 10;
/** Processes that wait for the same slot wake at different times, so that each gets its share. */
const JITTER_MS = 20;

/** The slot of a key, or what it was before the missed reservation when no other request has moved it since. */
function previousOf(key: string, stored: ReadonlyMap<string, number>, missed: Reservation | undefined): number {
  const nextAt = stored.get(key);
  const ours = missed?.moves.find((move) => move.key === key && move.to === nextAt);
  return (ours ? ours.from : nextAt) ?? 0;
}

/** Reserves slots in the database, by the database's clock. */
export class SlotReservations {
  private readonly time = new DatabaseTime();
  /** How long a write is expected to take. */
  private writeMs = 0;

  constructor(
    private readonly slots: RateSlotStore,
    private readonly pauses: VendorPauses,
    private readonly elapsedMs: () => number,
    private readonly rules: (key: string) => RateRule | undefined,
  ) {}

  /**
   * Tries once to reserve a slot of every key that has a limit. `missed` is a reservation that was too late: its slots are used
   * again unless another request has reserved the next ones. `extraMs` is how much longer than usual the slot is.
   * Throws TransientError `database_unavailable`, and the error of a pause.
   */
  async tryReserve(keys: readonly string[], missed: Reservation | undefined, extraMs: number): Promise<ReservationOutcome> {
    await this.pauses.assertNotPaused(keys);
    const limited = keys.flatMap((key) => this.findLimit(key) ?? []);
    if (limited.length === 0) return { kind: 'unlimited' };
    const { nowMs, nextAt } = await this.read(limited.map(({ key }) => key));
    const slots = limited.map((limit) => ({ ...limit, nextAt: previousOf(limit.key, nextAt, missed) }));
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

  private findLimit(key: string): { readonly key: string; readonly rule: RateRule } | undefined {
    const rule = this.rules(key);
    return rule && { key, rule };
  }

  private async read(keys: readonly string[]): Promise<StoredSlots> {
    const requestedAtMs = this.elapsedMs();
    const stored = await this.slots.read(keys);
    this.time.observe({ databaseMs: stored.nowMs, requestedAtMs, receivedAtMs: this.elapsedMs() });
    return stored;
  }

  private async tryWrite(moves: readonly SlotMove[]): Promise<boolean> {
    const startedAtMs = this.elapsedMs();
    const isWritten = await this.slots.tryMove(moves);
    const tookMs = this.elapsedMs() - startedAtMs;
    this.writeMs = Math.max(tookMs, (this.writeMs + tookMs) / 2);
    return isWritten;
  }
}
