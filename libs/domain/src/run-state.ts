/** Every mode of a run. `import` and `reconcile` sync everything; `reconcile` also exports from Unisender; `preview` only counts. */
export const runModes = ['import', 'reconcile', 'preview'] as const;

/** What a run does. */
export type RunMode = (typeof runModes)[number];

/** What started a run. */
export type RunTrigger = 'operator' | 'widget' | 'schedule' | 'install' | 'watchdog' | 'gap' | 'reread' | 'settings';

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

/** Every state of a run. */
export const runStates = Object.keys(transitions) as RunState[];

/** Returns the states that may change to `target`. */
export const statesBefore = (target: RunState): RunState[] =>
  (Object.keys(transitions) as RunState[]).filter((state) => (transitions[state] as readonly string[]).includes(target));

/** The states of a run that works: an account has one such run at most. A run that waits for a confirmation does not work. */
export const activeStates = ['queued', 'running'] as const satisfies readonly RunState[];

/** Whether a run in this state has ended. */
export const isFinal = (state: RunState): boolean => transitions[state].length === 0;

/** The part of its work that a run does next. */
export type RunPhase = 'prepare' | 'evaluate' | 'read' | 'verify' | 'remove' | 'finish';

/** Estimates the seconds left at the average speed, at least one: a run that still works has not ended. Null while that is unknown. */
export function estimateEtaSeconds(read: number, total: number | null, elapsedMs: number): number | null {
  if (total === null || read <= 0 || elapsedMs <= 0) return null;
  return Math.max(1, Math.round(((total - read) * elapsedMs) / read / 1000));
}
