import { type JobPayload } from '#domain';
import { type JobContext, TubeWorker } from '#queue';
import type { AccountSync } from '#sync';

/** "Account N has events waiting": follows them until nothing is left to tell. */
export class ContactSyncWorker extends TubeWorker<'contacts'> {
  readonly tube = 'contacts';
  override readonly concurrency = 4;

  constructor(private readonly accountSync: AccountSync) {
    super();
  }

  async process(payload: JobPayload<'contacts'>, { signal, isRetry }: JobContext): Promise<void> {
    await this.accountSync.processEvents(payload.account_id, signal, isRetry);
  }
}
