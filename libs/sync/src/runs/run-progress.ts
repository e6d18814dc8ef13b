import { Injectable } from '@nestjs/common';
import { ContactStore, Database, GapStore, type RunEntity, type RunCounts, type RunPatch, RunStore } from '#database';
import { Clock, type Secret } from '#domain';
import type { AccountWork } from '../push/account-work.js';
import type { CountPushed } from '../push/address-pusher.js';

/** Rows move to other pages when contacts are deleted during a read. A second read finds the contacts that a first one missed. */
const MAX_PASSES = 2;

/** A run without a checkpoint for this long extends its heartbeat. The sweep continues a run only after a longer silence. */
const BEAT_MS = 5_000;

/** After this page the number of contacts is estimated. Smaller accounts are read in less time than that takes. */
export const ESTIMATE_AFTER_PAGE = 2;

/**
 * The state of a run after a step: `next`, its next phase can start at once; `later`, it needs another time slice; `settled`,
 * it is completed or waits for confirmation; `ended`, it was cancelled or has failed.
 */
export type StepOutcome = 'next' | 'later' | 'settled' | 'ended';

/** A run at the start of a step, with what the step needs. */
export interface RunStep {
  readonly run: RunEntity;
  readonly work: AccountWork;
  readonly key: Secret;
  /** Whether the time slice is over: a long phase then returns `later`. */
  isTimeUp(): boolean;
}

/** One phase of a run. */
export interface Phase {
  /** Continues at the run's checkpoint; safe to repeat. Throws TransientError and AccountBlockedError. */
  advance(step: RunStep): Promise<StepOutcome>;
}

/** When the run began, epoch milliseconds. */
export const startOf = ({ startedAt, createdAt }: RunEntity): number => startedAt ?? createdAt;

/** The checkpoint that starts another read from the first page. */
export const secondRead = ({ pass }: RunEntity): RunPatch => ({ phase: 'read', page: 0, cursorContactId: 0, pass: pass + 1 });

/** Saves the checkpoints and counters of a run. Does not change a run that has ended. */
@Injectable()
export class RunProgress {
  constructor(
    private readonly runs: RunStore,
    private readonly contacts: ContactStore,
    private readonly gaps: GapStore,
    private readonly clock: Clock,
    private readonly database: Database,
  ) {}

  /** The run, or undefined once it is ended. */
  async findRunning(runId: string): Promise<RunEntity | undefined> {
    const run = await this.runs.find(runId);
    return run?.state === 'running' ? run : undefined;
  }

  /** Whether the run has not ended. Extends its heartbeat now and then. */
  async isRunning(runId: string): Promise<boolean> {
    const run = await this.findRunning(runId);
    if (!run) return false;
    return run.heartbeatAt > this.clock.nowMs() - BEAT_MS || this.save(runId, {});
  }

  /** Saves a checkpoint and adds to the counters. Returns false when the run has ended. After a power failure an earlier one may be left. */
  async save(runId: string, patch: RunPatch, counts: Partial<RunCounts> = {}): Promise<boolean> {
    return this.database.transaction(() => this.runs.checkpoint(runId, patch, counts), { durable: 'later' });
  }

  /** Starts the read of all contacts. Returns false when the run has ended. */
  async beginRead(runId: string): Promise<boolean> {
    await this.gaps.beginRead(runId);
    return this.runs.checkpoint(runId, { phase: 'read', error: null }, {});
  }

  /** Closes the gaps in the webhooks that the run's read made up for. Call it when everything that it read is in the mirror. */
  async endRead({ accountId, runId }: RunEntity): Promise<void> {
    await this.gaps.endRead(accountId, runId);
  }

  /** A function that adds pushed addresses to the run's counters. */
  counter({ runId }: RunEntity): CountPushed {
    return (counts) => this.runs.count(runId, { ...counts });
  }

  /** Whether the contacts must be read again: some were deleted since `sinceMs`, so others moved to pages that were read already. */
  async needsSecondRead({ accountId, pass }: RunEntity, sinceMs: number): Promise<boolean> {
    return pass < MAX_PASSES && (await this.contacts.hasDeletedSince(accountId, sinceMs));
  }
}
