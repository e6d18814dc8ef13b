import { Injectable } from '@nestjs/common';
import { ContactStore } from '#database';
import { Clock, MAX_ROWS_PER_CALL } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { throwIfStopping } from '../push/account-work.js';
import { RemovalGate } from '../push/removal-gate.js';
import { PageApplier } from './page-applier.js';
import { type Phase, RunProgress, type RunStep, type StepOutcome, secondRead } from './run-progress.js';
import { RunPusher } from './run-pusher.js';
import { RunTransitions } from './run-transitions.js';

const CHUNK_CONTACTS = 250;

/** Looks up in Kommo each contact that the read did not find. */
@Injectable()
export class VerifyPhase implements Phase {
  constructor(
    private readonly contacts: ContactStore,
    private readonly pages: PageApplier,
    private readonly progress: RunProgress,
    private readonly pusher: RunPusher,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run, work } = step;
    let after = run.cursorContactId;
    for (;;) {
      const ids = await this.contacts.listMissing(run.accountId, run.runId, after, KOMMO_PAGE_LIMIT);
      if (ids.length === 0) return this.end(step);
      await this.pages.verifyMissing(work, ids);
      work.lease.assertHeld();
      after = ids.at(-1) ?? after;
      if (!(await this.progress.save(run.runId, { cursorContactId: after }))) return 'ended';
      if (step.isTimeUp()) return 'later';
    }
  }

  private async end(step: RunStep): Promise<StepOutcome> {
    if (!(await this.pusher.push(step, 0))) return 'ended';
    await this.progress.endRead(step.run);
    return (await this.progress.save(step.run.runId, { phase: 'remove' })) ? 'next' : 'ended';
  }
}

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
      if (!(await this.progress.isRunning(run.runId))) return false;
      const ids = await this.contacts.listMissing(run.accountId, run.runId, 0, CHUNK_CONTACTS);
      if (ids.length === 0) return (await this.pusher.push(step, 0)) !== undefined;
      const markDeleted = () => this.contacts.markDeleted(run.accountId, ids, { cause: 'run' });
      await work.lease.write(() => this.gate.passRemovals(run.accountId, run.runId, { contactIds: ids, markDeleted }));
      if (!(await this.pusher.push(step, MAX_ROWS_PER_CALL - 1))) return false;
      throwIfStopping(work.signal);
    }
  }
}

/** Applies the events that arrived during the run, pushes the rest and completes the run. */
@Injectable()
export class FinishPhase implements Phase {
  constructor(
    private readonly transitions: RunTransitions,
    private readonly progress: RunProgress,
    private readonly pusher: RunPusher,
    private readonly gate: RemovalGate,
    private readonly clock: Clock,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run, work } = step;
    const sinceMs = this.clock.nowMs();
    const eventCount = await this.pusher.applyEvents(work);
    // A run that has read no page, only stored contacts, misses none.
    if (eventCount > 0 && run.page > 0 && (await this.progress.needsSecondRead(run, sinceMs))) {
      return (await this.progress.save(run.runId, secondRead(run))) ? 'later' : 'ended';
    }
    if (!(await this.pusher.push(step, 0))) return 'ended';
    const rereads = await this.gate.planRemovals(run.accountId, { cause: 'reread' });
    if (rereads.outcome === 'approved' && !(await this.pusher.push(step, 0))) return 'ended';
    await this.transitions.complete(run.runId);
    return 'settled';
  }
}
