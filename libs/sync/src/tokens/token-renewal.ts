import { Injectable } from '@nestjs/common';
import { AccessStore } from '#database';
import { Clock, type ErrorCode, JobQueue, Logger, errorCodeOf } from '#domain';
import { TokenService } from './token-service.js';

const HOUR_MS = 3_600_000;
const ACCOUNTS_PER_JOB = 50;

/** The result of one renewal job. */
export interface RenewalReport {
  readonly renewed: readonly number[];
  readonly failed: readonly { readonly accountId: number; readonly code: ErrorCode }[];
}

/** Renews tokens before they expire. */
@Injectable()
export class TokenRenewal {
  constructor(
    private readonly accesses: AccessStore,
    private readonly tokens: TokenService,
    private readonly queue: JobQueue,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Enqueues jobs that renew the tokens of every active or suspended account whose access token expires within `withinHours`. Returns
   * the number of these accounts. Throws TransientError when the queue is unavailable.
   */
  async enqueueRenewals(withinHours: number): Promise<number> {
    const beforeMs = this.clock.nowMs() + withinHours * HOUR_MS;
    let count = 0;
    let after = 0;
    for (;;) {
      const ids = await this.accesses.listExpiringBefore(beforeMs, after, ACCOUNTS_PER_JOB);
      const last = ids.at(-1);
      if (last === undefined) return count;
      await this.queue.put({ tube: 'accesses', payload: { account_ids: ids, asked_at: this.clock.nowMs() } });
      count += ids.length;
      after = last;
    }
  }

  /** Renews the tokens of one account after the other. Skips pairs from `requestedAt` or later. Reports errors, never throws. */
  async renew(accountIds: readonly number[], requestedAt?: number): Promise<RenewalReport> {
    const renewed: number[] = [];
    const failed: { accountId: number; code: ErrorCode }[] = [];
    for (const accountId of accountIds) {
      const code = await this.tryRefresh(accountId, requestedAt);
      if (code === undefined) renewed.push(accountId);
      else failed.push({ accountId, code });
    }
    return { renewed, failed };
  }

  private async tryRefresh(accountId: number, requestedAt: number | undefined): Promise<ErrorCode | undefined> {
    try {
      await this.tokens.refreshNow(accountId, requestedAt);
      return undefined;
    } catch (error) {
      const code = errorCodeOf(error);
      this.logger.warn('token renewal failed', { account_id: accountId, code, error });
      return code;
    }
  }
}
