/** `import` and `reconcile` bring everything in line (`reconcile` also asks Unisender what it has); `preview` only counts. */
export const runModes = ['import', 'reconcile', 'preview'] as const;

/** One of {@link runModes}. */
export type RunMode = (typeof runModes)[number];

/** Who started a run. */
export type RunTrigger = 'operator' | 'widget' | 'schedule' | 'install' | 'watchdog';

/** Every allowed transition of a run; a state without any is final. */
const transitions = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['running', 'waiting_for_confirmation', 'completed', 'failed', 'cancelled'],
  waiting_for_confirmation: ['running', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

/** Where a run stands. */
export type RunState = keyof typeof transitions;

/** The states from which `target` may be reached. */
export const statesBefore = (target: RunState): RunState[] =>
  (Object.keys(transitions) as RunState[]).filter((state) => (transitions[state] as readonly string[]).includes(target));

/** Whether nothing follows this state. */
export const isFinal = (state: RunState): boolean => transitions[state].length === 0;

/** What a run does next. */
export type RunPhase = 'prepare' | 'read' | 'verify' | 'remove' | 'finish';

/** A vanished fifth of the contacts is more likely a lost right than a clean-up: such a run waits for a human. */
export function needsConfirmation(missing: number, living: number, limitPercent: number): boolean {
  const MIN_MISSING = 50;
  return missing > MIN_MISSING && missing * 100 > living * limitPercent;
}

/** Seconds left at the speed so far, or null while nothing can be said. */
export function estimateEtaSeconds(read: number, total: number | null, elapsedMs: number): number | null {
  if (total === null || read <= 0 || elapsedMs <= 0) return null;
  return Math.max(0, Math.round(((total - read) * elapsedMs) / read / 1000));
}
