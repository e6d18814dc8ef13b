import { Injectable } from '@nestjs/common';
import { LeaseStore } from '#database';
import { type Continuation, Logger, findContinuation } from '#domain';

/** Ends a failed job without an error when another job of the account continues its work. */
@Injectable()
export class JobContinuation {
  constructor(
    private readonly leases: LeaseStore,
    private readonly logger: Logger,
  ) {}

  /**
   * Throws `error` unless another job continues the work; the error then decides what becomes of the job (`decideDisposition`). Asks
   * the holder of a busy account to enqueue a job when it releases the account. `hasEarlierJob`: whether an earlier job of the
   * account is in back-off.
   */
  async throwUnlessContinued(accountId: number, error: unknown, hasEarlierJob: () => Promise<boolean> = async () => false): Promise<void> {
    const isContinued: Readonly<Record<Continuation, () => Promise<boolean>>> = {
      sweep: async () => true,
      lease_holder: () => this.leases.requestJobOnRelease(accountId),
      earlier_job: hasEarlierJob,
    };
    const continuation = findContinuation(error);
    if (continuation === undefined || !(await isContinued[continuation]())) throw error;
    const level = continuation === 'earlier_job' ? 'warn' : 'debug';
    this.logger[level]('job ended; another job continues its work', { account_id: accountId, continuation, error });
  }
}
