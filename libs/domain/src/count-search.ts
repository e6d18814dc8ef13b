/** Numbers between which the searched count lies: at least `known`, fewer than `missing`. */
interface CountRange {
  readonly known: number;
  readonly missing: number;
}

/** The range is narrow enough for an estimate when it is at most this part of the count. */
const PRECISION = 0.1;

/** What to ask next, or the estimate. */
export type CountStep = { readonly kind: 'ask'; readonly position: number } | { readonly kind: 'done'; readonly estimate: number };

/**
 * Decides the next step of a search for the length of a list of which single positions, from 1, can be looked at: first it doubles, then
 * it halves the range. A list of n items takes about log2(n / known) + 4 looks.
 */
export function nextCountStep({ known, missing }: CountRange): CountStep {
  if (missing === Infinity) return { kind: 'ask', position: known * 2 };
  if (missing - known <= Math.max(1, known * PRECISION)) return { kind: 'done', estimate: Math.round((known + missing - 1) / 2) };
  return { kind: 'ask', position: Math.floor((known + missing) / 2) };
}
