import { Injectable } from '@nestjs/common';
import { type AccountMark, ChangeStore } from '#database';
import { Clock, isFinal } from '#domain';
import { type PauseView, Pauses } from '../maintenance/pauses.js';
import { type RunView, toRunView } from '../runs/run-view.js';

/** What an operator may watch, at one moment. */
export interface Snapshot {
  /** Runs that have not ended, and those that have ended a moment ago. Up to 1,000 of each. */
  readonly runs: readonly RunView[];
  /** Something that changes with the account, by account id. */
  readonly accounts: ReadonlyMap<number, string>;
  readonly lastAuditId: string | null;
  readonly pauses: readonly PauseView[];
}

/** What differs between two snapshots. */
export interface Changes {
  /** Runs that moved, began or ended. */
  readonly runs: readonly RunView[];
  readonly accountIds: readonly number[];
  readonly auditId: string | null;
  readonly pauses: readonly PauseView[] | null;
}

const MAX_RUNS = 1_000;
/** A run may begin and end between two looks. The clocks of the workers may differ by less than this. */
const ENDED_WITHIN_MS = 60_000;
/** Accounts of one statement: SQLite runs no other at the same time. */
const ACCOUNTS_AT_ONCE = 5_000;
const MAX_ACCOUNTS = 100_000;

const isEqual = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Reads what changes while an operator watches. */
@Injectable()
export class ChangeReader {
  constructor(
    private readonly store: ChangeStore,
    private readonly pauses: Pauses,
    private readonly clock: Clock,
  ) {}

  /** Reads the present state. The cost grows with accounts and active runs. Throws TransientError `database_unavailable`. */
  async read(): Promise<Snapshot> {
    const nowMs = this.clock.nowMs();
    return {
      runs: await this.readRuns(nowMs),
      accounts: await this.readAccounts(),
      lastAuditId: await this.store.findLastAudit(),
      pauses: await this.pauses.list(),
    };
  }

  /** Compares two snapshots. Reads the runs that ended in between. Throws TransientError `database_unavailable`. */
  async compare(before: Snapshot, after: Snapshot): Promise<Changes> {
    const known = new Map(before.runs.map((run) => [run.run_id, run]));
    const moved = after.runs.filter((run) => !isEqual(run, known.get(run.run_id)));
    const present = new Set(after.runs.map(({ run_id: runId }) => runId));
    const ended = before.runs
      .filter(({ run_id: runId, state }) => !isFinal(state) && !present.has(runId))
      .map(({ run_id: runId }) => runId);
    const nowMs = this.clock.nowMs();
    return {
      runs: [...moved, ...(await this.store.listRuns(ended)).map((run) => toRunView(run, nowMs))],
      accountIds: listChanged(before.accounts, after.accounts),
      auditId: after.lastAuditId === before.lastAuditId ? null : after.lastAuditId,
      pauses: isEqual(before.pauses, after.pauses) ? null : after.pauses,
    };
  }

  private async readRuns(nowMs: number): Promise<RunView[]> {
    const active = await this.store.listActiveRuns(MAX_RUNS);
    const ended = await this.store.listEndedRuns(nowMs - ENDED_WITHIN_MS, MAX_RUNS);
    // A run that ends between the two statements is in both: its end counts.
    return [...new Map([...active, ...ended].map((run) => [run.runId, toRunView(run, nowMs)])).values()];
  }

  private async readAccounts(): Promise<Map<number, string>> {
    const marks = new Map<number, string>();
    for (let after = 0; marks.size < MAX_ACCOUNTS;) {
      const page: AccountMark[] = await this.store.listAccountMarks(after, ACCOUNTS_AT_ONCE);
      for (const { accountId, mark } of page) marks.set(accountId, mark);
      after = page.at(-1)?.accountId ?? after;
      if (page.length < ACCOUNTS_AT_ONCE) break;
    }
    return marks;
  }
}

function listChanged(before: ReadonlyMap<number, string>, after: ReadonlyMap<number, string>): number[] {
  const changed = [...after].filter(([accountId, mark]) => before.get(accountId) !== mark).map(([accountId]) => accountId);
  const gone = [...before.keys()].filter((accountId) => !after.has(accountId));
  return [...changed, ...gone];
}
