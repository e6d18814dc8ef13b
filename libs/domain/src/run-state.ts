/** Every mode of a run. `import` and `reconcile` sync everything; `reconcile` also exports from Unisender; `preview` only counts. */
export const runModes = ['import', 'reconcile', 'preview'] as const;

/** What a run does. */
export type RunMode = (typeof runModes)[number];

/** What started a run. */
export type RunTrigger = 'operator' | 'widget' | 'schedule' | 'install' | 'watchdog' | 'gap' | 'settings';

/** Every allowed transition of a run; a state without any is final. */
const transitions = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['running', 'waiting_for_confirmation', 'completed', 'failed', 'cancelled'],
  waiting_for_confirmation: ['running', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

/** The state of a run. */
export type RunState = keyof typeof transitions;

/** Returns the states that may change to `target`. */
export const statesBefore = (target: RunState): RunState[] =>
  (Object.keys(transitions) as RunState[]).filter((state) => (transitions[state] as readonly string[]).includes(target));

/** Whether a run in this state has ended. */
export const isFinal = (state: RunState): boolean => transitions[state].length === 0;

/** The part of its work that a run does next. */
export type RunPhase = 'prepare' | 'read' | 'verify' | 'remove' | 'finish';

/** Whether a run that misses so many contacts waits for a human. That many are more likely missing rights than a clean-up. */
export function needsConfirmation(missing: number, living: number, limitPercent: number): boolean {
  const MIN_MISSING = 50;
  return missing > MIN_MISSING && missing * 100 > living * limitPercent;
}

/** Estimates the seconds left at the average speed; null while that is unknown. */
export function estimateEtaSeconds(read: number, total: number | null, elapsedMs: number): number | null {
  if (total === null || read <= 0 || elapsedMs <= 0) return null;
  return Math.max(0, Math.round(((total - read) * elapsedMs) / read / 1000));
}
