import type { Type } from '@nestjs/common';
import { type JobPayload, Logger, standardRetry } from '#domain';
import { type JobContext, TubeWorker } from '#queue';
import { AccountSync, RunWorker, TokenRenewal, WriteBack } from '#sync';

/** Applies the waiting events of one account and pushes the difference to Unisender. */
@TubeWorker({ tube: 'contacts', ttrSeconds: 120, concurrency: 4, retry: standardRetry })
export class ContactSyncWorker {
  constructor(private readonly accountSync: AccountSync) {}

  async process({ account_id }: JobPayload<'contacts'>, { signal, isRetry }: JobContext): Promise<void> {
    await this.accountSync.processEvents(account_id, signal, isRetry);
  }
}

/** Continues an import, reconciliation or preview for one time slice. */
@TubeWorker({ tube: 'imports', ttrSeconds: 120, concurrency: 4, retry: standardRetry })
export class ImportWorker {
  constructor(private readonly runWorker: RunWorker) {}

  async process({ run_id }: JobPayload<'imports'>, { signal }: JobContext): Promise<void> {
    await this.runWorker.continueRun(run_id, signal);
  }
}

/** Renews the token pairs of the job's accounts; a failure of one account does not stop the next. */
@TubeWorker({ tube: 'accesses', ttrSeconds: 300, concurrency: 1, retry: standardRetry })
export class AccessRenewalWorker {
  constructor(private readonly renewal: TokenRenewal) {}

  async process({ account_ids, asked_at }: JobPayload<'accesses'>): Promise<void> {
    await this.renewal.renew(account_ids, asked_at);
  }
}

/** Tags the contacts of unsubscribed addresses in Kommo. */
@TubeWorker({ tube: 'write-backs', ttrSeconds: 120, concurrency: 1, retry: standardRetry })
export class WriteBackWorker {
  constructor(private readonly writeBack: WriteBack) {}

  async process({ account_id }: JobPayload<'write-backs'>, { signal }: JobContext): Promise<void> {
    await this.writeBack.run(account_id, signal);
  }
}

/** The predecessor's demonstration: prints the time of the job. */
@TubeWorker({ tube: 'times', ttrSeconds: 60, concurrency: 1, retry: standardRetry })
export class TimeWorker {
  constructor(private readonly logger: Logger) {}

  async process({ time }: JobPayload<'times'>): Promise<void> {
    this.logger.info(`It is ${time}`);
  }
}

/** The provider classes; Nest's discovery finds their tubes. */
export const tubeWorkers: readonly Type[] = [ContactSyncWorker, ImportWorker, AccessRenewalWorker, WriteBackWorker, TimeWorker];
