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

/** Wait and plan again, or reserve: the request leaves at `at`, and `nextAt` are the new slots in their order. Epoch milliseconds. */
export type ReservationPlan =
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'reserve'; readonly at: number; readonly nextAt: readonly number[] };

/** No queue is longer: a slot further ahead was written by a machine with a wrong clock. */
const MAX_AHEAD_MS = 300_000;
const TOLERABLE_GAP_MS = 10;

const freeAt = ({ rule, nextAt }: RateSlot, nowMs: number): number => {
  const earliest = nextAt - (rule.burst - 1) * rule.intervalMs;
  return earliest > nowMs + MAX_AHEAD_MS ? nowMs : Math.max(earliest, nowMs);
};

const after = ({ rule, nextAt }: RateSlot, at: number): number =>
  (nextAt > at + MAX_AHEAD_MS ? at : Math.max(nextAt, at)) + rule.intervalMs;

/**
 * Plans when one request may leave under all of the slots, the widest limit first (GCRA). It reserves a slot of the widest
 * limit only when the other limits are about to allow the request: an earlier reservation would leave a gap in the widest limit.
 */
export const planReservation = (slots: readonly RateSlot[], nowMs: number): ReservationPlan => {
  const [widest = nowMs, ...others] = slots.map((slot) => freeAt(slot, nowMs));
  const othersAt = Math.max(nowMs, ...others);
  if (othersAt > widest + TOLERABLE_GAP_MS) {
    return { kind: 'wait', untilMs: othersAt };
  }
  const at = Math.max(widest, othersAt);
  return { kind: 'reserve', at, nextAt: slots.map((slot) => after(slot, at)) };
};
