import type { SyncContext } from '../context.js';
import type { RunDelivery } from './run-delivery.js';
import type { Phase, RunStep, StepOutcome } from './run-phase.js';
import { type RunProgress, secondRead } from './run-progress.js';

/** Follows what came meanwhile, and tells the rest. */
export class FinishPhase implements Phase {
  constructor(
    private readonly context: SyncContext,
    private readonly progress: RunProgress,
    private readonly delivery: RunDelivery,
  ) {}

  async advance(step: RunStep): Promise<StepOutcome> {
    const { run, work } = step;
    const { stores, clock } = this.context;
    const followedAtMs = clock.nowMs();
    const count = await this.delivery.followEvents(work);
    if (count > 0 && (await this.progress.hasShifted(run, followedAtMs))) {
      return (await this.progress.save(run.runId, secondRead(run))) ? 'later' : 'ended';
    }
    if (!(await this.delivery.deliver(step, 0))) return 'ended';
    await stores.runs.transition(run.runId, 'completed', { error: null });
    return 'settled';
  }
}
