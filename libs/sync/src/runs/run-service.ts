import { randomUUID } from 'node:crypto';
import type { Run } from '#database';
import { AccountBlockedError, InvalidInputError, type RunMode, type RunTrigger } from '#domain';
import { getAccount } from '../accounts/get-account.js';
import type { SyncContext } from '../context.js';
import { failRun } from './fail-run.js';
import { type RunView, toRunView } from './run-view.js';

/** The account has a run that is not ended. */
export class RunActiveError extends InvalidInputError {
  constructor(
    message: string,
    /** The run that is active. */
    readonly runId: string,
  ) {
    super(message, { code: 'run_active' });
  }
}

const LIST_LIMIT = 50;

/** Starts, shows and ends runs. The work itself is the import worker's. */
export class RunService {
  constructor(private readonly context: SyncContext) {}

  /**
   * Creates a run and wakes a worker; answers at once. Throws RunActiveError, AccountBlockedError (not authorised),
   * InvalidInputError `unisender_key_missing`.
   */
  async start({ accountId, mode, trigger }: { accountId: number; mode: RunMode; trigger: RunTrigger }): Promise<RunView> {
    await this.assertStartable(accountId);
    const { stores, clock } = this.context;
    const living = await stores.contacts.countLiving(accountId);
    const run = await stores.runs.create({ runId: randomUUID(), accountId, mode, trigger, totalEstimate: living === 0 ? null : living });
    if (!run) {
      const active = await stores.runs.findActive(accountId);
      throw new RunActiveError(`account ${accountId} has a run that is not ended`, active?.runId ?? '');
    }
    await this.wake(run);
    return toRunView(run, clock.nowMs());
  }

  /** The run as it stands, or undefined. */
  async find(runId: string): Promise<RunView | undefined> {
    const run = await this.context.stores.runs.find(runId);
    return run && toRunView(run, this.context.clock.nowMs());
  }

  /** The run as it stands. Throws InvalidInputError `run_unknown`. */
  async get(runId: string): Promise<RunView> {
    const view = await this.find(runId);
    if (view) return view;
    throw new InvalidInputError('the run is not known', { code: 'run_unknown', fields: [{ field: 'run_id', problem: 'is not known' }] });
  }

  /** Newest first. */
  async list(accountId: number, limit = LIST_LIMIT): Promise<RunView[]> {
    const runs = await this.context.stores.runs.list(accountId, limit);
    return runs.map((run) => toRunView(run, this.context.clock.nowMs()));
  }

  /** Ends a run at its next step. Throws InvalidInputError `run_ended` when it is ended already. */
  async cancel(runId: string): Promise<RunView> {
    const { stores } = this.context;
    const isCancelled = await stores.runs.transition(runId, 'cancelled');
    return this.answer(runId, isCancelled, 'run_ended', 'the run is ended already');
  }

  /** Lets a run that waits for confirmation delete what it found missing. Throws InvalidInputError `run_not_waiting`. */
  async confirm(runId: string): Promise<RunView> {
    const { stores } = this.context;
    const run = await stores.runs.find(runId);
    const isWaiting = run?.state === 'waiting_for_confirmation';
    const isConfirmed = isWaiting && (await stores.runs.transition(runId, 'running', { confirmed: true, error: null }));
    if (run && isConfirmed) await this.wake(run);
    return this.answer(runId, isConfirmed, 'run_not_waiting', 'the run does not wait for confirmation');
  }

  /** Ends a run that cannot go on, with the reason; without effect on one that is ended or unknown. */
  async fail(runId: string, failure: { readonly code: string; readonly reason: string }): Promise<void> {
    const run = await this.context.stores.runs.find(runId);
    if (run) await failRun(this.context, run, failure);
  }

  /** Puts the run's job; a queue that is down costs time only. */
  async wake(run: Pick<Run, 'runId' | 'accountId'>): Promise<void> {
    const { queue, logger } = this.context;
    try {
      await queue.put({ tube: 'imports', payload: { run_id: run.runId, account_id: run.accountId } });
    } catch (error) {
      logger.warn('the job of a run could not be put; the sweep will', { run_id: run.runId, account_id: run.accountId, error });
    }
  }

  private async assertStartable(accountId: number): Promise<void> {
    const account = await getAccount(this.context, accountId);
    if (account.status !== 'active') {
      throw new AccountBlockedError('the account must be authorised first: open /auth?id=<account_id>', {
        block: 'reauthorization_required',
      });
    }
    if (account.unisenderKey === null || account.unisenderBlock !== null) {
      throw new InvalidInputError('the account has no Unisender key that is accepted: save it in the widget', {
        code: 'unisender_key_missing',
      });
    }
  }

  private async answer(runId: string, isDone: boolean, code: string, problem: string): Promise<RunView> {
    const view = await this.get(runId);
    if (!isDone) throw new InvalidInputError(problem, { code });
    return view;
  }
}
