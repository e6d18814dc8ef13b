import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ContactStore, DuplicateKeyError, type RunEntity, RunStore } from '#database';
import { Clock, InvalidInputError, type RunMode, type RunPhase, type RunTrigger } from '#domain';
import { AccountGate } from '../accounts/account-gate.js';
import { JobEnqueuer } from '../intake/job-enqueuer.js';
import { RunTransitions } from './run-transitions.js';
import { type RunView, toRunView } from './run-view.js';

/** The request is about another run: the one that `runId` names. */
export class RunConflictError extends InvalidInputError {
  constructor(message: string, { code, runId }: { readonly code: 'run_active' | 'run_not_waiting'; readonly runId: string }) {
    super(message, { code });
    this.runId = runId;
  }

  /** The active run, or the one that waits for a confirmation; empty when none waits. */
  readonly runId: string;
}

/** The account has an active run already. */
export class RunActiveError extends RunConflictError {
  constructor(message: string, runId: string) {
    super(message, { code: 'run_active', runId });
  }
}

/** Confirms and cancels runs, together with the removals that wait for them. */
@Injectable()
export class RunDecisions {
  constructor(
    private readonly runs: RunStore,
    private readonly transitions: RunTransitions,
  ) {}

  /** Cancels a run; the next one counts its planned removals anew. Returns false when it has ended. */
  async cancel(runId: string): Promise<boolean> {
    return this.transitions.cancel(runId);
  }

  /** Makes a waiting run active. Throws RunConflictError. */
  async confirm(accountId: number, runId: string): Promise<void> {
    try {
      if (await this.runs.confirm(runId)) return;
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const active = await this.runs.findActive(accountId);
      throw new RunActiveError('Another run is active: confirm this run when that one has ended', active?.runId ?? '');
    }
    const [waiting] = await this.runs.listWaiting(accountId);
    const problem = 'The run does not wait for confirmation';
    throw new RunConflictError(waiting ? `${problem}: run ${waiting.runId} does` : problem, {
      code: 'run_not_waiting',
      runId: waiting?.runId ?? '',
    });
  }
}

/** A run to start. */
export interface RunRequest {
  readonly accountId: number;
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  /** Where it begins; `prepare` by default. */
  readonly phase?: RunPhase;
}

const LIST_LIMIT = 50;

/** Creates runs. */
@Injectable()
export class NewRuns {
  constructor(
    private readonly runs: RunStore,
    private readonly contacts: ContactStore,
    private readonly gate: AccountGate,
  ) {}

  /** Creates a queued run. Throws RunActiveError, and AccountBlockedError when the account cannot be synced. */
  async create({ accountId, ...options }: RunRequest): Promise<RunEntity> {
    await this.gate.get(accountId, 'sync');
    const existing = await this.contacts.countExisting(accountId);
    const run = await this.runs.create({ runId: randomUUID(), accountId, ...options, totalEstimate: existing === 0 ? null : existing });
    if (run) return run;
    const active = await this.runs.findActive(accountId);
    throw new RunActiveError(`account ${accountId} has an active run`, active?.runId ?? '');
  }
}

/** Starts, shows, confirms and cancels runs. The worker of the tube `imports` does their work. */
@Injectable()
export class RunService {
  constructor(
    private readonly runs: RunStore,
    private readonly newRuns: NewRuns,
    private readonly decisions: RunDecisions,
    private readonly jobs: JobEnqueuer,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates a run and enqueues its job. Throws RunActiveError, and AccountBlockedError when the account is unknown, not authorised or
   * without a key that Unisender accepts.
   */
  async start(request: RunRequest): Promise<RunView> {
    const run = await this.newRuns.create(request);
    await this.enqueue(run);
    return toRunView(run, this.clock.nowMs());
  }

  /** The run as it is now, or undefined. */
  async find(runId: string): Promise<RunView | undefined> {
    const run = await this.runs.find(runId);
    return run && toRunView(run, this.clock.nowMs());
  }

  /** The run as it is now. Throws InvalidInputError `run_unknown`. */
  async get(runId: string): Promise<RunView> {
    const view = await this.find(runId);
    if (view) return view;
    throw new InvalidInputError('Unknown run', { code: 'run_unknown', fields: [{ field: 'run_id', problem: 'is not a known run' }] });
  }

  /** The account's runs, newest first. */
  async list(accountId: number, limit = LIST_LIMIT): Promise<RunView[]> {
    const runs = await this.runs.list(accountId, limit);
    return runs.map((run) => toRunView(run, this.clock.nowMs()));
  }

  /** Cancels a run; its worker stops at the next step. Throws InvalidInputError `run_unknown` or `run_ended`. */
  async cancel(runId: string): Promise<RunView> {
    const { run_id } = await this.get(runId);
    if (!(await this.decisions.cancel(run_id))) throw new InvalidInputError('The run has already ended', { code: 'run_ended' });
    return this.get(runId);
  }

  /**
   * Lets a waiting run do its planned removals. Throws InvalidInputError `run_unknown`, and RunConflictError `run_not_waiting` (with the
   * run that waits) or `run_active`.
   */
  async confirm(runId: string): Promise<RunView> {
    const { run_id, account_id: accountId } = await this.get(runId);
    await this.decisions.confirm(accountId, run_id);
    await this.enqueue({ runId, accountId });
    return this.get(runId);
  }

  /** Enqueues the run's job. A failure is logged: the sweep enqueues it later. */
  async enqueue({ runId, accountId }: Pick<RunEntity, 'runId' | 'accountId'>): Promise<void> {
    await this.jobs.enqueue({ tube: 'imports', payload: { run_id: runId, account_id: accountId } });
  }
}
