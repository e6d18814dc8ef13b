import { InvalidInputError, type RunMode, type RunState } from '#domain';
import { RunActiveError, RunService, type RunView } from '#sync';
import type { CommandContext } from '../command-context.js';
import { describeSeconds } from '../output/duration.js';
import { exitCodes } from '../output/exit-code.js';
import type { CommandResult } from '../output/result.js';
import { createRunDisplay } from '../output/run-display.js';
import { type Cell, renderTable } from '../output/table.js';
import { type OutputStream, type Tone, printLine } from '../output/terminal.js';
import { type SyncSession, withSync } from './with-sync.js';

const POLL_MS = 500;
/** A queued run of an idle service starts within a second. */
const QUEUED_HINT_MS = 15_000;

const tones: Readonly<Record<RunState, Tone>> = {
  queued: 'quiet',
  running: 'strong',
  waiting_for_confirmation: 'attention',
  completed: 'good',
  failed: 'bad',
  cancelled: 'attention',
};

const exitCodesOfStates: Readonly<Partial<Record<RunState, number>>> = {
  failed: exitCodes.failed,
  cancelled: exitCodes.failed,
  waiting_for_confirmation: exitCodes.waiting,
};

const isMoving = ({ state }: RunView) => state === 'queued' || state === 'running';

const toState = ({ state }: RunView): Cell => ({ text: state, tone: tones[state] });

function describeRun(stream: OutputStream, run: RunView): string[] {
  const rows: Cell[][] = [
    ['run', run.run_id],
    ['account', String(run.account_id)],
    ['mode', `${run.mode}, started by ${run.trigger}`],
    ['state', toState(run)],
    ['read', `${run.read} contacts${run.total_estimate === null ? '' : ` of about ${run.total_estimate}`}`],
    [
      'addresses',
      `${run.created} created, ${run.updated} updated, ${run.deleted} deleted, ${run.rejected} rejected, ${run.unchanged} unchanged`,
    ],
    ...(run.eta_seconds === null ? [] : [['time left', `about ${describeSeconds(run.eta_seconds)}`]]),
    ...(run.planned_removals === 0 ? [] : [['to remove', `${run.planned_removals} addresses, e.g. ${run.samples.slice(0, 5).join(', ')}`]]),
    ...(run.error === null ? [] : [['error', { text: run.error, tone: 'bad' } as const]]),
  ];
  return renderTable(stream, ['', ''], rows).slice(1);
}

const nextSteps = ({ state, account_id: id, run_id: run }: RunView): string[] =>
  state === 'waiting_for_confirmation'
    ? [`Confirm the removals with "runs ${id} --confirm ${run}", or cancel the run with "runs ${id} --cancel ${run}".`]
    : [];

const toRunResult = (run: RunView, isWaited: boolean): CommandResult => ({
  document: run,
  toLines: (stream) => [...describeRun(stream, run), ...nextSteps(run)],
  exitCode: isWaited ? (exitCodesOfStates[run.state] ?? exitCodes.done) : exitCodes.done,
});

/** Shows the run until it ends or waits for a confirmation. Undefined when Ctrl-C ended the waiting. */
async function follow(context: CommandContext, session: SyncSession, runId: string): Promise<RunView | undefined> {
  const { clock, terminal } = context;
  const display = createRunDisplay(terminal.errors, clock);
  const interrupted = new AbortController();
  const release = context.onInterrupt(() => interrupted.abort());
  const startedAtMs = clock.nowMs();
  let hasHint = false;
  try {
    for (;;) {
      const run = await session.get(RunService).get(runId);
      display.show(run);
      if (!isMoving(run)) return run;
      if (!hasHint && run.state === 'queued' && clock.nowMs() - startedAtMs > QUEUED_HINT_MS) {
        hasHint = true;
        display.note('The run has not started: is a worker running, and is the account paused? "doctor" says.');
      }
      await clock.sleep(POLL_MS, interrupted.signal);
    }
  } catch (error) {
    if (interrupted.signal.aborted) return undefined;
    throw error;
  } finally {
    display.end();
    release();
  }
}

/** Makes the result of a command that started a run; with `wait` it shows the progress first. */
export async function finishRun(
  context: CommandContext,
  session: SyncSession,
  { run, wait }: { run: RunView; wait: boolean },
): Promise<CommandResult> {
  if (!wait) return toRunResult(run, false);
  const ended = await follow(context, session, run.run_id);
  if (ended) return toRunResult(ended, true);
  printLine(
    context.terminal.errors,
    `Stopped waiting. Run ${run.run_id} continues; follow it with "runs ${run.account_id} --run ${run.run_id} --wait".`,
  );
  return { ...toRunResult(await session.get(RunService).get(run.run_id), false), exitCode: exitCodes.interrupted };
}

/** Starts an import, a reconciliation or a preview; with `wait` shows its progress until it ends. */
export async function runStart(
  context: CommandContext,
  mode: RunMode,
  { account, wait = false }: { readonly account?: number | undefined; readonly wait?: boolean },
): Promise<CommandResult> {
  return withSync(context, async (session) => {
    const accountId = await session.findAccountId(account);
    const run = await session.audited('run.start', { accountId, mode }, () => start(session, accountId, mode));
    return finishRun(context, session, { run, wait });
  });
}

async function start(session: SyncSession, accountId: number, mode: RunMode): Promise<RunView> {
  try {
    return await session.get(RunService).start({ accountId, mode, trigger: 'operator' });
  } catch (error) {
    if (!(error instanceof RunActiveError)) throw error;
    const { runId } = error;
    throw new RunActiveError(`Run ${runId} of account ${accountId} is active: follow it with "runs ${accountId} --run ${runId} --wait", or cancel it with "--cancel ${runId}"`, runId); // prettier-ignore
  }
}

/** What the command `runs` does. */
export interface RunsOptions {
  readonly run?: string;
  readonly confirm?: string;
  readonly cancel?: string;
  readonly wait?: boolean;
  readonly limit: number;
}

const head = ['run', 'mode', 'started by', 'state', 'read', 'created', 'updated', 'deleted', 'rejected', 'started at', 'error'];

async function change(session: SyncSession, { run, confirm, cancel }: RunsOptions): Promise<RunView | undefined> {
  const service = session.get(RunService);
  if (confirm !== undefined) return session.audited('run.confirm', { run_id: confirm }, () => service.confirm(confirm));
  if (cancel !== undefined) return session.audited('run.cancel', { run_id: cancel }, () => service.cancel(cancel));
  return run === undefined ? undefined : service.get(run);
}

/** Lists the runs of an account, or shows, confirms or cancels one of them. */
export async function runRuns(context: CommandContext, account: number | undefined, options: RunsOptions): Promise<CommandResult> {
  const { run, confirm, cancel, wait = false, limit } = options;
  if ([run, confirm, cancel].filter((each) => each !== undefined).length > 1)
    throw new InvalidInputError('Give one of --run, --confirm and --cancel');
  return withSync(context, async (session) => {
    const chosen = await change(session, options);
    if (chosen) return finishRun(context, session, { run: chosen, wait: wait && cancel === undefined });
    const runs = await session.get(RunService).list(await session.findAccountId(account), limit);
    const rows = runs.map((each): Cell[] => [each.run_id, each.mode, each.trigger, toState(each), each.read, each.created, each.updated, each.deleted, each.rejected, each.started_at, each.error]); // prettier-ignore
    return {
      document: { runs },
      toLines: (stream) => (rows.length === 0 ? ['The account has no runs.'] : renderTable(stream, head, rows)),
    };
  });
}
