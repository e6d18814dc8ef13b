import type { Run, RunCounts, RunPatch } from '#database';
import type { CountPushed } from '../push/address-pusher.js';
import type { SyncContext } from '../context.js';

/** Rows shifted while a first read went on: a second one finds what slipped by. */
const MAX_PASSES = 2;

/** When the run began, epoch ms. */
export const startOf = ({ startedAt, createdAt }: Run): number => startedAt ?? createdAt;

/** Back to the first page, for one read more. */
export const secondRead = ({ pass }: Run): RunPatch => ({ phase: 'read', page: 0, cursorContactId: 0, pass: pass + 1 });

/** A run's checkpoints while somebody works on it. It may be cancelled at any time: then nothing is saved any more. */
export class RunProgress {
  constructor(private readonly context: SyncContext) {}

  /** The run as it stands, or undefined once it is ended. */
  async findActive(runId: string): Promise<Run | undefined> {
    const run = await this.context.stores.runs.find(runId);
    return run?.state === 'running' ? run : undefined;
  }

  /** Saves a checkpoint; false when the run was ended meanwhile. */
  async save(runId: string, patch: RunPatch, counts: Partial<RunCounts> = {}): Promise<boolean> {
    const { stores } = this.context;
    return stores.runs.checkpoint(runId, patch, counts);
  }

  /** Counts in this run what is told. */
  counter({ runId }: Run): CountPushed {
    return (counts) => this.context.stores.runs.count(runId, { ...counts });
  }

  /** Whether another read is due because contacts went since: whoever followed them may have slipped from a page not read to one that was. */
  async hasShifted({ accountId, pass }: Run, sinceMs: number): Promise<boolean> {
    return pass < MAX_PASSES && (await this.context.stores.contacts.hasVanishedSince(accountId, sinceMs));
  }
}
