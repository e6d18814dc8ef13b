/** Numbers between which the searched count lies: at least `known`, fewer than `missing`. */
interface CountRange {
  readonly known: number;
  readonly missing: number;
}

/** The range is narrow enough when it is at most this part of the count: its middle is then within half of that. */
const PRECISION = 0.2;
/** Each look is a request under a limit. Larger steps at first save more looks than the wider range then costs. */
const GROWTH = 4;

/** What to ask next, or the estimate. */
export type CountStep = { readonly kind: 'ask'; readonly position: number } | { readonly kind: 'done'; readonly estimate: number };

/**
 * Decides the next step of a search for the length of a list of which single positions, from 1, can be looked at: first it multiplies,
 * then it divides the range in equal ratios. A list of n items takes about log4(n / known) + 4 looks.
 */
export function nextCountStep({ known, missing }: CountRange): CountStep {
  if (missing === Infinity) return { kind: 'ask', position: known * GROWTH };
  if (missing - known <= Math.max(1, known * PRECISION)) return { kind: 'done', estimate: Math.round((known + missing - 1) / 2) };
  return { kind: 'ask', position: Math.max(known + 1, Math.floor(Math.sqrt(known * missing))) };
}
