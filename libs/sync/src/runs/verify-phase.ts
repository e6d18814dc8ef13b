import { Injectable } from '@nestjs/common';
import { ContactStore } from '#database';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import { PageApplier } from './page-applier.js';
import { type Phase, RunProgress, type RunStep, type StepOutcome } from './run-progress.js';
import { RunPusher } from './run-pusher.js';

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
