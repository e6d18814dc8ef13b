/** A vendor's limit: one request every `intervalMs` in the long run, `burst` of them at once after a rest. */
export interface RateRule {
  readonly intervalMs: number;
  readonly burst: number;
}

/** What stands in the database for one key: until when its requests are given away, were they spread evenly. */
export interface RateSlot {
  readonly key: string;
  readonly rule: RateRule;
  readonly nextAt: number;
}

/** Wait and look again, or take the slots: `nextAt` is what each is to hold then, in their order. Epoch milliseconds. */
export type ReservationPlan =
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'reserve'; readonly at: number; readonly nextAt: readonly number[] };

/** Nobody queues for longer: what stands further ahead was written by a machine whose clock is wrong. */
const MAX_AHEAD_MS = 300_000;
const TOLERABLE_GAP_MS = 10;

const freeAt = ({ rule, nextAt }: RateSlot, nowMs: number): number => {
  const earliest = nextAt - (rule.burst - 1) * rule.intervalMs;
  return earliest > nowMs + MAX_AHEAD_MS ? nowMs : Math.max(earliest, nowMs);
};

const after = ({ rule, nextAt }: RateSlot, at: number): number =>
  (nextAt > at + MAX_AHEAD_MS ? at : Math.max(nextAt, at)) + rule.intervalMs;

/**
 * When one request may leave under all of the slots, the widest limit first (GCRA). A slot of the widest limit is taken only
 * once the others are about to allow it, so that nobody else finds a gap in it.
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
