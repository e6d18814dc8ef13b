import { Injectable } from '@nestjs/common';
import { In, LessThan, type QueryDeepPartialEntity } from 'typeorm';
import { Clock, type RunState, activeStates, isFinal, statesBefore } from '#domain';
import { Database } from '../database.js';
import { DuplicateKeyError } from '../database-errors.js';
import { RunEntity } from '../entities/run.entity.js';
import { columnOf, executeIn, selectEntities, selectRows, toColumnValues } from '../entity-sql.js';

/** The counters of a run. `read` counts contacts, the others count addresses. */
export type RunCounts = Readonly<Pick<RunEntity, 'read' | 'created' | 'updated' | 'deleted' | 'rejected' | 'unchanged'>>;

/** A run to create. */
export type NewRun = Readonly<
  Pick<RunEntity, 'runId' | 'accountId' | 'mode' | 'trigger' | 'totalEstimate'> & Partial<Pick<RunEntity, 'phase'>>
>;

/** Fields that a checkpoint may change besides the counters. */
export type RunPatch = Partial<
  Readonly<
    Pick<
      RunEntity,
      'phase' | 'page' | 'cursorContactId' | 'pass' | 'exportTask' | 'totalEstimate' | 'confirmed' | 'plannedRemovals' | 'samples' | 'error'
    >
  >
>;

type Changes = QueryDeepPartialEntity<RunEntity>;

const MAX_ERROR_LENGTH = 1000;

const isActive = (state: RunState): boolean => (activeStates as readonly RunState[]).includes(state);

const toChanges = ({ error, ...patch }: RunPatch): Partial<RunEntity> => ({
  ...patch,
  ...(error === undefined ? {} : { error: error?.slice(0, MAX_ERROR_LENGTH) ?? null }),
});

/** Runs with their checkpoints. A unique key gives an account at most one active run. Times are epoch milliseconds. */
@Injectable()
export class RunStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Creates a queued run. Undefined when the account has an active run. */
  async create(run: NewRun): Promise<RunEntity | undefined> {
    const nowMs = this.clock.nowMs();
    const queued = { ...run, activeAccountId: run.accountId, state: 'queued', heartbeatAt: nowMs, createdAt: nowMs } as const;
    try {
      await this.database.run(({ manager }) => manager.insert(RunEntity, queued));
    } catch (error) {
      if (error instanceof DuplicateKeyError) return undefined;
      throw error;
    }
    return this.find(run.runId);
  }

  /** Creates a running run that is not the active one and has nothing to read. Make it wait in the same transaction. */
  async createInactive(run: NewRun): Promise<void> {
    const nowMs = this.clock.nowMs();
    const inactive = { ...run, state: 'running', phase: 'verify', heartbeatAt: nowMs, createdAt: nowMs, startedAt: nowMs } as const;
    await this.database.run(({ manager }) => manager.insert(RunEntity, inactive));
  }

  /** Returns the run, or undefined. */
  async find(runId: string): Promise<RunEntity | undefined> {
    const [run] = await selectEntities(this.database, RunEntity, 'WHERE run_id = ?', [runId]);
    return run;
  }

  /** Returns the account's active run, or undefined. */
  async findActive(accountId: number): Promise<RunEntity | undefined> {
    const [run] = await selectEntities(this.database, RunEntity, 'WHERE active_account_id = ?', [accountId]);
    return run;
  }

  /** Lists the account's runs that wait for a confirmation, the newest first. */
  async listWaiting(accountId: number): Promise<RunEntity[]> {
    return this.database.run(({ manager }) =>
      manager.find(RunEntity, { where: { accountId, state: 'waiting_for_confirmation' }, order: { createdAt: 'DESC', runId: 'DESC' } }),
    );
  }

  /** Lists the account's runs, newest first. */
  async list(accountId: number, limit: number): Promise<RunEntity[]> {
    return this.database.run(({ manager }) =>
      manager.find(RunEntity, { where: { accountId }, order: { createdAt: 'DESC', runId: 'DESC' }, take: limit }),
    );
  }

  /** Makes a queued or running run `running`. Returns false when it is neither. */
  async begin(runId: string): Promise<boolean> {
    return this.change(runId, { from: activeStates, to: 'running' }, {});
  }

  /** Makes a waiting run `running`. False when it does not wait. Throws DuplicateKeyError when the account has another active run. */
  async confirm(runId: string): Promise<boolean> {
    return this.change(runId, { from: ['waiting_for_confirmation'], to: 'running' }, { confirmed: true, error: null });
  }

  /** Makes a run wait or ends it. Returns false when its present state does not allow that. */
  async transition(runId: string, to: Exclude<RunState, (typeof activeStates)[number]>, patch: RunPatch = {}): Promise<boolean> {
    return this.change(runId, { from: statesBefore(to), to }, patch);
  }

  /** Saves the progress of a running run. False when it does not run any more. */
  async checkpoint(runId: string, patch: RunPatch, counts: Partial<RunCounts> = {}): Promise<boolean> {
    return this.updateRunning(runId, { ...toChanges(patch), heartbeatAt: this.clock.nowMs() }, counts);
  }

  /** Adds to the counters of a running run. Its heartbeat stays. */
  async count(runId: string, counts: Partial<RunCounts>): Promise<void> {
    if (Object.values(counts).some((value) => value !== 0)) await this.updateRunning(runId, {}, counts);
  }

  /** Sets the heartbeat of a run, in any state. */
  async beat(runId: string): Promise<void> {
    await this.database.run(({ manager }) => manager.update(RunEntity, { runId }, { heartbeatAt: this.clock.nowMs() }));
  }

  /** Lists queued and running runs without a heartbeat since `beforeMs`. */
  async listStale(beforeMs: number, limit: number): Promise<RunEntity[]> {
    return this.database.run(({ manager }) =>
      manager.find(RunEntity, {
        where: { state: In(activeStates), heartbeatAt: LessThan(beforeMs) },
        order: { heartbeatAt: 'ASC' },
        take: limit,
      }),
    );
  }

  /** Deletes up to `limit` runs that ended before `beforeMs`, but never an account's last run. Returns how many. */
  async purge(beforeMs: number, limit: number): Promise<number> {
    // SQL by hand: a condition over the account's other runs, and a set of any size to delete.
    const rows = await selectRows(this.database, {
      entity: RunEntity,
      fields: ['runId'],
      tail: `WHERE active_account_id IS NULL AND finished_at < ?
               AND EXISTS (SELECT 1 FROM runs later WHERE later.account_id = runs.account_id AND later.created_at > runs.created_at) LIMIT ?`,
      params: [beforeMs, limit],
    });
    const ids = rows.map(({ runId }) => runId);
    await executeIn(this.database, 'DELETE FROM runs WHERE run_id IN (?)', [], ids);
    return ids.length;
  }

  private async change(
    runId: string,
    { from, to }: { readonly from: readonly RunState[]; readonly to: RunState },
    patch: RunPatch,
  ): Promise<boolean> {
    const nowMs = this.clock.nowMs();
    const changes: Changes = {
      ...toChanges(patch),
      state: to,
      heartbeatAt: nowMs,
      ...(to === 'running' ? { startedAt: () => `COALESCE(started_at, ${nowMs})` } : {}),
      activeAccountId: isActive(to) ? () => 'account_id' : null,
      ...(isFinal(to) ? { finishedAt: nowMs } : {}),
    };
    const { affected } = await this.database.run(({ manager }) => manager.update(RunEntity, { runId, state: In(from) }, changes));
    return affected === 1;
  }

  private async updateRunning(runId: string, changes: Partial<RunEntity>, counts: Partial<RunCounts>): Promise<boolean> {
    // SQL by hand: TypeORM writes the numbers into the text, so that each checkpoint would be another statement.
    const values = toColumnValues(this.database, RunEntity, changes);
    const added = Object.entries(counts).filter(([, value]) => value !== 0);
    const sets = [
      ...values.map(({ column }) => `${column} = ?`),
      ...added.map(([name]) => columnOf(this.database, RunEntity, name as keyof RunCounts)).map((column) => `${column} = ${column} + ?`),
    ];
    const params = [...values.map(({ value }) => value), ...added.map(([, value]) => value)];
    const sql = `UPDATE runs SET ${sets.join(', ')} WHERE run_id = ? AND state = 'running'`;
    return (await this.database.execute(sql, [...params, runId])) === 1;
  }
}
