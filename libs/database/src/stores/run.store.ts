import { type Clock, type RunMode, type RunPhase, type RunState, type RunTrigger, isFinal, statesBefore } from '#domain';
import { DuplicateKeyError } from '../database-errors.js';
import type { Database } from '../database.js';
import type { SqlValue } from '../session.js';
import { executeIn, placeholders } from '../sql.js';

/** Progress so far; all but `read`, which counts contacts, count addresses. */
export interface RunCounts {
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly rejected: number;
  readonly unchanged: number;
}

/** A run with its checkpoint. Times in epoch milliseconds. */
export interface Run extends RunCounts {
  readonly runId: string;
  readonly accountId: number;
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly state: RunState;
  readonly phase: RunPhase;
  /** The last page whose rows were delivered. */
  readonly page: number;
  /** The highest contact id on that page. */
  readonly cursorContactId: number;
  readonly pass: number;
  readonly exportTask: string | null;
  readonly totalEstimate: number | null;
  readonly confirmed: boolean;
  readonly error: string | null;
  readonly heartbeatAt: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
}

/** What a checkpoint may change besides the counters. */
export type RunPatch = Partial<Pick<Run, 'phase' | 'page' | 'cursorContactId' | 'pass' | 'exportTask' | 'confirmed' | 'error'>>;

type Row = Record<string, string | number | null>;

const columnOf: Readonly<Record<keyof RunPatch, string>> = {
  phase: 'phase',
  page: 'page',
  cursorContactId: 'cursor_contact_id',
  pass: 'pass',
  exportTask: 'export_task',
  confirmed: 'confirmed',
  error: 'error',
};

const MAX_ERROR_LENGTH = 1000;

const numberOrNull = (value: string | number | null | undefined) => (value === null || value === undefined ? null : Number(value));

function toRun(row: Row): Run {
  const text = (column: string) => String(row[column]);
  const count = (column: string) => Number(row[column]);
  return {
    runId: text('run_id'),
    accountId: count('account_id'),
    mode: text('mode') as RunMode,
    trigger: text('trigger') as RunTrigger,
    state: text('state') as RunState,
    phase: text('phase') as RunPhase,
    page: count('page'),
    cursorContactId: count('cursor_contact_id'),
    pass: count('pass'),
    exportTask: row['export_task'] === null ? null : text('export_task'),
    read: count('read_count'),
    created: count('created_count'),
    updated: count('updated_count'),
    deleted: count('deleted_count'),
    rejected: count('rejected_count'),
    unchanged: count('unchanged_count'),
    totalEstimate: numberOrNull(row['total_estimate']),
    confirmed: Boolean(row['confirmed']),
    error: row['error'] === null ? null : text('error'),
    heartbeatAt: count('heartbeat_at'),
    createdAt: count('created_at'),
    startedAt: numberOrNull(row['started_at']),
    finishedAt: numberOrNull(row['finished_at']),
  };
}

function assignments(patch: RunPatch, counts: Partial<RunCounts>): { sql: string[]; params: SqlValue[] } {
  const patched = Object.entries(patch).map(([key, value]) => ({
    sql: `${columnOf[key as keyof RunPatch]} = ?`,
    param: typeof value === 'string' ? value.slice(0, MAX_ERROR_LENGTH) : typeof value === 'boolean' ? Number(value) : value,
  }));
  const counted = Object.entries(counts)
    .filter(([, value]) => value !== 0)
    .map(([key, value]) => ({ sql: `${key}_count = ${key}_count + ?`, param: value }));
  const all = [...patched, ...counted];
  return { sql: all.map(({ sql }) => sql), params: all.map(({ param }) => param) };
}

/** Runs with their checkpoints. An account has at most one that is not ended: a unique key sees to it. */
export class RunStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** The new run, or undefined when the account has an active one. */
  async create(run: Pick<Run, 'runId' | 'accountId' | 'mode' | 'trigger' | 'totalEstimate'>): Promise<Run | undefined> {
    const nowMs = this.clock.nowMs();
    try {
      await this.database.execute(
        // `trigger` is a reserved word in MySQL; backticks are read by both databases.
        `INSERT INTO runs (run_id, account_id, active_account_id, mode, \`trigger\`, state, total_estimate, heartbeat_at, created_at)
         VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?)`,
        [run.runId, run.accountId, run.accountId, run.mode, run.trigger, run.totalEstimate, nowMs, nowMs],
      );
    } catch (error) {
      if (error instanceof DuplicateKeyError) return undefined;
      throw error;
    }
    return this.find(run.runId);
  }

  /** The run, or undefined. */
  async find(runId: string): Promise<Run | undefined> {
    const [row] = await this.database.query<Row>(`SELECT * FROM runs WHERE run_id = ?`, [runId]);
    return row && toRun(row);
  }

  /** The run of the account that is not ended, or undefined. */
  async findActive(accountId: number): Promise<Run | undefined> {
    const [row] = await this.database.query<Row>(`SELECT * FROM runs WHERE active_account_id = ?`, [accountId]);
    return row && toRun(row);
  }

  /** Newest first. */
  async list(accountId: number, limit: number): Promise<Run[]> {
    const rows = await this.database.query<Row>(`SELECT * FROM runs WHERE account_id = ? ORDER BY created_at DESC, run_id DESC LIMIT ?`, [
      accountId,
      limit,
    ]);
    return rows.map(toRun);
  }

  /** Moves a run to a state when its present one allows that; false when it does not. */
  async transition(runId: string, to: RunState, patch: RunPatch = {}): Promise<boolean> {
    const nowMs = this.clock.nowMs();
    const from = statesBefore(to);
    const { sql, params } = assignments(patch, {});
    const ended = isFinal(to) ? ['active_account_id = NULL', 'finished_at = ?'] : [];
    const started = to === 'running' ? ['started_at = COALESCE(started_at, ?)'] : [];
    const sets = ['state = ?', 'heartbeat_at = ?', ...started, ...ended, ...sql].join(', ');
    const times = new Array<number>(started.length + (ended.length > 0 ? 1 : 0)).fill(nowMs);
    const changed = await this.database.execute(`UPDATE runs SET ${sets} WHERE run_id = ? AND state IN (${placeholders(from.length)})`, [
      to,
      nowMs,
      ...times,
      ...params,
      runId,
      ...from,
    ]);
    return changed > 0;
  }

  /** Saves progress of a running run; false when it is running no more (cancelled meanwhile). */
  async checkpoint(runId: string, patch: RunPatch, counts: Partial<RunCounts> = {}): Promise<boolean> {
    const { sql, params } = assignments(patch, counts);
    const changed = await this.database.execute(
      `UPDATE runs SET ${['heartbeat_at = ?', ...sql].join(', ')} WHERE run_id = ? AND state = 'running'`,
      [this.clock.nowMs(), ...params, runId],
    );
    return changed > 0;
  }

  /** Adds to the counters of a running run without saying that it moved. */
  async count(runId: string, counts: Partial<RunCounts>): Promise<void> {
    const { sql, params } = assignments({}, counts);
    if (sql.length > 0)
      await this.database.execute(`UPDATE runs SET ${sql.join(', ')} WHERE run_id = ? AND state = 'running'`, [...params, runId]);
  }

  /** Says that a run was looked at, whatever its state. */
  async beat(runId: string): Promise<void> {
    await this.database.execute(`UPDATE runs SET heartbeat_at = ? WHERE run_id = ?`, [this.clock.nowMs(), runId]);
  }

  /** Active runs that nobody has moved since `beforeMs`, except those that wait for a human. */
  async listStale(beforeMs: number, limit: number): Promise<Run[]> {
    const rows = await this.database.query<Row>(
      `SELECT * FROM runs WHERE state IN ('queued', 'running') AND heartbeat_at < ? ORDER BY heartbeat_at LIMIT ?`,
      [beforeMs, limit],
    );
    return rows.map(toRun);
  }

  /** Forgets up to `limit` runs that ended before `beforeMs`, but never an account's last one; returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    const rows = await this.database.query<{ run_id: string }>(
      `SELECT run_id FROM runs WHERE active_account_id IS NULL AND finished_at < ?
          AND EXISTS (SELECT 1 FROM runs later WHERE later.account_id = runs.account_id AND later.created_at > runs.created_at) LIMIT ?`,
      [beforeMs, limit],
    );
    const ids = rows.map(({ run_id }) => run_id);
    await executeIn(this.database, 'DELETE FROM runs WHERE run_id IN (?)', [], ids);
    return ids.length;
  }
}
