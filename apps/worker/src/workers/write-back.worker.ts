import { type JobPayload } from '#domain';
import { type JobContext, TubeWorker } from '#queue';
import type { WriteBack } from '#sync';

/** "Account N has unsubscribes to tell Kommo". */
export class WriteBackWorker extends TubeWorker<'write-backs'> {
  readonly tube = 'write-backs';

  constructor(private readonly writeBack: WriteBack) {
    super();
  }

  async process(payload: JobPayload<'write-backs'>, { signal }: JobContext): Promise<void> {
    await this.writeBack.run(payload.account_id, signal);
  }
}
