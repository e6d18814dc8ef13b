import { Injectable } from '@nestjs/common';
import { Config } from '#config';
import { ContactStore, type RunEntity } from '#database';
import { needsConfirmation } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { PageApplier } from './page-applier.js';
import { type Phase, RunProgress, type RunStep, type StepOutcome } from './run-progress.js';
import { RunPusher } from './run-pusher.js';
import { RunTransitions } from './run-transitions.js';

/** Keeps a run from removing many contacts without an operator's confirmation. */
@Injectable()
export class RemovalConfirmation {
  constructor(
    private readonly contacts: ContactStore,
    private readonly transitions: RunTransitions,
    private readonly config: Config,
  ) {}

  /**
   * Makes the run wait when it would remove more than the limit without a confirmation. Returns true when it waits now. It stays
   * in its phase, because after the confirmation its missing contacts are looked up again.
   */
  async requestIfNeeded(run: RunEntity): Promise<boolean> {
    const missing = await this.contacts.countMissing(run.accountId, run.runId);
    const existing = await this.contacts.countExisting(run.accountId);
    if (run.confirmed || !needsConfirmation(missing, existing, this.config.reconcileDeleteLimitPercent)) return false;
    return this.transitions.awaitConfirmation(run, { missing, existing });
  }
}

/** Looks up in Kommo each contact that the read did not find, then asks for confirmation when too many are missing. */
@Injectable()
export class VerifyPhase implements Phase {
  constructor(
    private readonly contacts: ContactStore,
    private readonly pages: PageApplier,
    private readonly progress: RunProgress,
    private readonly pusher: RunPusher,
    private readonly confirmation: RemovalConfirmation,
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
    if (await this.confirmation.requestIfNeeded(step.run)) return 'settled';
    return (await this.progress.save(step.run.runId, { phase: 'remove' })) ? 'next' : 'ended';
  }
}
