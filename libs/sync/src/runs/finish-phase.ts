import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { RemovalGate } from '../push/removal-gate.js';
import { type Phase, RunProgress, type RunStep, type StepOutcome, secondRead } from './run-progress.js';
import { RunPusher } from './run-pusher.js';
import { RunTransitions } from './run-transitions.js';

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
