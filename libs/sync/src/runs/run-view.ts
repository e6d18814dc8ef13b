import type { RunEntity } from '#database';
import { type RunMode, type RunState, type RunTrigger, estimateEtaSeconds, toIsoTime } from '#domain';

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

/** The run at `nowMs`; time left is estimated only while it moves. */
export function toRunView(run: RunEntity, nowMs: number): RunView {
  const isMoving = run.state === 'running' && run.startedAt !== null;
  return {
    run_id: run.runId,
    account_id: run.accountId,
    mode: run.mode,
    trigger: run.trigger,
    state: run.state,
    page: run.page,
    read: run.read,
    created: run.created,
    updated: run.updated,
    deleted: run.deleted,
    rejected: run.rejected,
    unchanged: run.unchanged,
    total_estimate: run.totalEstimate,
    eta_seconds: isMoving ? estimateEtaSeconds(run.read, run.totalEstimate, nowMs - (run.startedAt ?? nowMs)) : null,
    planned_removals: run.plannedRemovals ?? 0,
    samples: run.samples ?? [],
    started_at: toIsoTime(run.startedAt),
    finished_at: toIsoTime(run.finishedAt),
    error: run.error,
  };
}
