/** A vendor's limit: one request every `intervalMs` in the long run, `burst` requests at once after a rest. */
export interface RateRule {
  readonly intervalMs: number;
  readonly burst: number;
}

/** The stored slot of one key. `nextAt`: the requests until then are reserved, as if they were spread evenly. */
export interface RateSlot {
  readonly key: string;
  readonly rule: RateRule;
  readonly nextAt: number;
}

/** When a request is planned, in epoch milliseconds by the database's clock. */
export interface ReservationTime {
  readonly nowMs: number;
  /** The earliest time that can be reserved: later than now, because writing the reservation takes time. Default: now. */
  readonly soonestMs?: number;
  /** How much later than its slot the request may leave, beyond what every slot tolerates. Default: 0. */
  readonly extraMs?: number;
  /** The time just after the last jump of the clock. Slots from before the jump mean nothing. Default: no jump was seen. */
  readonly jumpedAtMs?: number | undefined;
}

/** Wait and plan again, or reserve: the request leaves at `at`, and `nextAt` are the new slots in their order. */
export type ReservationPlan =
  | { readonly kind: 'wait'; readonly untilMs: number; readonly limitedBy: 'widest' | 'narrower' }
  | { readonly kind: 'reserve'; readonly at: number; readonly nextAt: readonly number[] };

/** The maximum of `extraMs`, and of the time from now to `soonestMs`. */
export const MAX_DELAY_MS = 2_000;
/** A slot is reserved this shortly before it is free: no queue of reservations exists in the database. */
const RESERVE_AHEAD_MS = 100;
const PLAN_AHEAD_MS = 50;
const TOLERABLE_GAP_MS = 10;
/** A slot that is further ahead than this (beyond its own interval) was written before the clock was set back. */
const PLAUSIBLE_AHEAD_MS = RESERVE_AHEAD_MS + 2 * MAX_DELAY_MS + 1_000;

const freeAt = ({ rule, nextAt }: RateSlot): number => nextAt - (rule.burst - 1) * rule.intervalMs;

/** Returns the next slot after a jump of the clock: later than all reservations from before the jump, and a whole burst after them. */
const restartedAt = ({ rule }: RateSlot, jumpedAtMs: number): number =>
  jumpedAtMs + RESERVE_AHEAD_MS + MAX_DELAY_MS + rule.burst * rule.intervalMs;

function afterJump(slot: RateSlot, { nowMs, jumpedAtMs }: ReservationTime): RateSlot {
  const isPlausible = freeAt(slot) <= nowMs + slot.rule.intervalMs + PLAUSIBLE_AHEAD_MS;
  const restarted = jumpedAtMs === undefined ? 0 : restartedAt(slot, jumpedAtMs);
  return { ...slot, nextAt: isPlausible ? Math.max(slot.nextAt, restarted) : restarted };
}

/**
 * Plans when one request may leave under all of the slots, the widest limit first (GCRA). It reserves a slot of the widest
 * limit only when the other limits are about to allow the request: an earlier reservation would leave a gap in the widest limit.
 */
export const planReservation = (stored: readonly RateSlot[], time: ReservationTime): ReservationPlan => {
  const { nowMs, soonestMs = nowMs, extraMs = 0 } = time;
  const slots = stored.map((slot) => afterJump(slot, time));
  const [widest = soonestMs, ...others] = slots.map((slot) => Math.max(freeAt(slot), soonestMs));
  const narrower = Math.max(soonestMs, ...others);
  const writeMs = soonestMs - nowMs;
  if (narrower > widest + TOLERABLE_GAP_MS) return { kind: 'wait', untilMs: narrower - writeMs, limitedBy: 'narrower' };
  const at = Math.max(widest, narrower);
  if (at > soonestMs + RESERVE_AHEAD_MS) return { kind: 'wait', untilMs: at - writeMs - PLAN_AHEAD_MS, limitedBy: 'widest' };
  return { kind: 'reserve', at, nextAt: slots.map(({ nextAt, rule }) => Math.ceil(Math.max(nextAt, at) + rule.intervalMs + extraMs)) };
};
