import type { ExportTask } from '../push/export-reader.js';
import type { RunParts } from './run-parts.js';
import type { Phase, RunStep, StepOutcome } from './run-phase.js';
import { type RunProgress, startOf } from './run-progress.js';

/** Subscribes the webhooks, and learns what stands in Unisender. */
export class PreparePhase implements Phase {
  constructor(
    private readonly parts: Pick<RunParts, 'webhooks' | 'preparation'>,
    private readonly progress: RunProgress,
  ) {}

  async advance({ run, work, key }: RunStep): Promise<StepOutcome> {
    await this.parts.webhooks.ensure(run.accountId);
    const task: ExportTask = {
      taskId: run.exportTask,
      sinceMs: startOf(run),
      save: async (taskId) => void (await this.progress.save(run.runId, { exportTask: taskId })),
    };
    await this.parts.preparation.ensureReady(work, key, { look: true, relearn: run.mode === 'reconcile', task });
    return (await this.progress.save(run.runId, { phase: 'read', error: null })) ? 'next' : 'ended';
  }
}
