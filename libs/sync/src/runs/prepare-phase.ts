import { Injectable } from '@nestjs/common';
import { VendorWebhooks } from '../accounts/vendor-webhooks.js';
import { EmailKindDictionary } from '../intake/email-kind-dictionary.js';
import type { ExportTask } from '../push/export-reader.js';
import { Preparation } from '../push/preparation.js';
import { type Phase, RunProgress, type RunStep, type StepOutcome, startOf } from './run-progress.js';

/** Subscribes to the vendors' webhooks, creates the list and its fields, and reads what Unisender already has. */
@Injectable()
export class PreparePhase implements Phase {
  constructor(
    private readonly webhooks: VendorWebhooks,
    private readonly preparation: Preparation,
    private readonly progress: RunProgress,
    private readonly kinds: EmailKindDictionary,
  ) {}

  async advance({ run, work, key }: RunStep): Promise<StepOutcome> {
    if (await this.kinds.refreshIfNeeded(work)) return 'later';
    await this.webhooks.ensure(run.accountId);
    const task: ExportTask = {
      taskId: run.exportTask,
      sinceMs: startOf(run),
      save: async (taskId) => void (await this.progress.save(run.runId, { exportTask: taskId })),
    };
    await this.preparation.ensureReady(work, key, { look: true, relearn: run.mode === 'reconcile', task });
    return (await this.progress.beginRead(run.runId)) ? 'next' : 'ended';
  }
}
