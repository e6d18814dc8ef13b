import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ContactStore, type RunEntity, RunStore } from '#database';
import { Clock, type ErrorCode, InvalidInputError, type RunMode, type RunTrigger } from '#domain';
import { AccountGate } from '../accounts/account-gate.js';
import { JobEnqueuer } from '../intake/job-enqueuer.js';
import { type RunView, toRunView } from './run-view.js';

/** The account has an active run already. */
export class RunActiveError extends InvalidInputError {
  constructor(
    message: string,
    /** The active run. */
    readonly runId: string,
  ) {
    super(message, { code: 'run_active' });
  }
}

const LIST_LIMIT = 50;

/** Starts, shows, confirms and cancels runs. The worker of the tube `imports` does their work. */
@Injectable()
export class RunService {
  constructor(
    private readonly runs: RunStore,
    private readonly contacts: ContactStore,
    private readonly gate: AccountGate,
    private readonly jobs: JobEnqueuer,
    private readonly clock: Clock,
  ) {}

  /**
   * Creates a run and enqueues its job. Throws RunActiveError, and AccountBlockedError when the account is unknown, not authorised or
   * without a key that Unisender accepts.
   */
  async start({ accountId, mode, trigger }: { accountId: number; mode: RunMode; trigger: RunTrigger }): Promise<RunView> {
    await this.gate.get(accountId, 'sync');
    const existing = await this.contacts.countExisting(accountId);
    const run = await this.runs.create({ runId: randomUUID(), accountId, mode, trigger, totalEstimate: existing === 0 ? null : existing });
    if (!run) {
      const active = await this.runs.findActive(accountId);
      throw new RunActiveError(`account ${accountId} has an active run`, active?.runId ?? '');
    }
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
    const isCancelled = await this.runs.transition(runId, 'cancelled');
    return this.getIf(isCancelled, runId, { code: 'run_ended', problem: 'The run has already ended' });
  }

  /** Lets a waiting run remove the missing contacts. Throws InvalidInputError `run_unknown` or `run_not_waiting`. */
  async confirm(runId: string): Promise<RunView> {
    const run = await this.runs.find(runId);
    const isWaiting = run?.state === 'waiting_for_confirmation';
    const isConfirmed = isWaiting && (await this.runs.transition(runId, 'running', { confirmed: true, error: null }));
    if (run && isConfirmed) await this.enqueue(run);
    return this.getIf(isConfirmed, runId, { code: 'run_not_waiting', problem: 'The run does not wait for confirmation' });
  }

  /** Enqueues the run's job. A failure is logged: the sweep enqueues it later. */
  async enqueue({ runId, accountId }: Pick<RunEntity, 'runId' | 'accountId'>): Promise<void> {
    await this.jobs.enqueue({ tube: 'imports', payload: { run_id: runId, account_id: accountId } });
  }

  private async getIf(
    isDone: boolean,
    runId: string,
    { code, problem }: { code: ErrorCode<'invalid'>; problem: string },
  ): Promise<RunView> {
    const view = await this.get(runId);
    if (!isDone) throw new InvalidInputError(problem, { code });
    return view;
  }
}
