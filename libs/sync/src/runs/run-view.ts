import type { RunEntity } from '#database';
import { type RunMode, type RunPhase, type RunState, type RunTrigger, estimateEtaSeconds, toIsoTime } from '#domain';

/** A run as the API, the widget and the command line show it. Times are ISO 8601; counters but `read` count addresses. */
export interface RunView {
  readonly run_id: string;
  readonly account_id: number;
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly state: RunState;
  readonly page: number;
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: number;
  readonly unchanged: number;
  readonly total_estimate: number | null;
  readonly eta_seconds: number | null;
  /** Removals that wait, or waited, for the confirmation of this run. */
  readonly planned_removals: number;
  /** Some of these addresses, 20 at most. */
  readonly samples: readonly string[];
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly error: string | null;
}

/** The phases after the read of all contacts. */
const phasesAfterRead: ReadonlySet<RunPhase> = new Set(['verify', 'remove', 'finish']);

/** The number of contacts: as read at the end, before that as estimated, and at least as many as were read. */
function totalOf({ read, totalEstimate, phase, state, pass }: RunEntity): number | null {
  const hasReadAll = state === 'completed' || phasesAfterRead.has(phase) || pass > 1;
  if (hasReadAll && read > 0) return read;
  return totalEstimate === null ? null : Math.max(totalEstimate, read);
}

/** The counters of a run. */
export const countersOf = ({ read, created, updated, deleted, rejected, unchanged }: RunEntity) => ({
  read,
  created,
  updated,
  deleted,
  rejected,
  unchanged,
});

/** The run at `nowMs`; time left is estimated only while it moves. */
export function toRunView(run: RunEntity, nowMs: number): RunView {
  const total = totalOf(run);
  const isMoving = run.state === 'running' && run.startedAt !== null;
  return {
    run_id: run.runId,
    account_id: run.accountId,
    mode: run.mode,
    trigger: run.trigger,
    state: run.state,
    page: run.page,
    ...countersOf(run),
    total_estimate: total,
    eta_seconds: isMoving ? estimateEtaSeconds(run.read, total, nowMs - (run.startedAt ?? nowMs)) : null,
    planned_removals: run.plannedRemovals ?? 0,
    samples: run.samples ?? [],
    started_at: toIsoTime(run.startedAt),
    finished_at: toIsoTime(run.finishedAt),
    error: run.error,
  };
}
