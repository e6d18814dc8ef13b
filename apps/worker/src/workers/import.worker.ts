import { type JobPayload } from '#domain';
import { type JobContext, TubeWorker } from '#queue';
import type { RunWorker } from '#sync';

/** "Run R: continue": one slice of an import, reconciliation or preview. */
export class ImportWorker extends TubeWorker<'imports'> {
  readonly tube = 'imports';
  override readonly concurrency = 4;

  constructor(private readonly runWorker: RunWorker) {
    super();
  }

  async process(payload: JobPayload<'imports'>, { signal }: JobContext): Promise<void> {
    await this.runWorker.continueRun(payload.run_id, signal);
  }
}
