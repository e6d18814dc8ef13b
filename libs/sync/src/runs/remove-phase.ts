import { Injectable } from '@nestjs/common';
import { ContactStore } from '#database';
import { MAX_ROWS_PER_CALL } from '#domain';
import { throwIfStopping } from '../push/account-work.js';
import { RemovalGate } from '../push/removal-gate.js';
import { type Phase, RunProgress, type RunStep, type StepOutcome } from './run-progress.js';
import { RunPusher } from './run-pusher.js';

const CHUNK_CONTACTS = 250;

/**
 * Lets the RemovalGate decide the removals that the run has planned. Then marks the missing contacts as deleted and pushes the removal
 * of their addresses. Everything else was pushed before.
 */
@Injectable()
export class RemovePhase implements Phase {
  constructor(
    private readonly contacts: ContactStore,
    private readonly gate: RemovalGate,
    private readonly progress: RunProgress,
    private readonly pusher: RunPusher,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run } = step;
    if (run.confirmed) await this.gate.approveRemovals(run.accountId, run.runId);
    else if (await this.mustWait(step)) return 'settled';
    if (!(await this.remove(step))) return 'ended';
    return (await this.progress.save(run.runId, { phase: 'finish' })) ? 'next' : 'ended';
  }

  /** Plans the removals of missing contacts and lets the gate count all that are planned. */
  private async mustWait({ run: { accountId, runId }, work }: RunStep): Promise<boolean> {
    let after = 0;
    for (;;) {
      const ids = await this.contacts.listMissing(accountId, runId, after, CHUNK_CONTACTS);
      if (ids.length === 0) break;
      await work.lease.write(() => this.gate.planMissing(accountId, runId, ids));
      after = ids.at(-1) ?? after;
    }
    const { outcome } = await this.gate.planRemovals(accountId, { cause: 'run', runId });
    return outcome === 'held';
  }

  /** Returns false when the run has ended. */
  private async remove(step: RunStep): Promise<boolean> {
    const { run, work } = step;
    for (;;) {
      const ids = await this.contacts.listMissing(run.accountId, run.runId, 0, CHUNK_CONTACTS);
      if (ids.length === 0) return (await this.pusher.push(step, 0)) !== undefined;
      await work.lease.write(() => this.contacts.markDeleted(run.accountId, ids, { cause: 'run' }));
      if (!(await this.pusher.push(step, MAX_ROWS_PER_CALL - 1))) return false;
      throwIfStopping(work.signal);
    }
  }
}
