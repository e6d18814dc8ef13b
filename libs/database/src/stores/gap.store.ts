import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { AccountEntity } from '../entities/account.entity.js';
import { selectRows } from '../entity-sql.js';

/** An account with a gap. Times are epoch milliseconds. */
export type OpenGap = Pick<AccountEntity, 'accountId' | 'gapRunAt'> & { readonly gapAt: number };

const MAX_CAUSE_LENGTH = 64;

/**
 * Gaps in the webhooks of accounts: changes that were not stored and that a complete read makes up for. Each gap has a number, so that
 * a read closes the gaps that it began after, whatever the clocks of the processes say.
 */
// SQL by hand: each statement counts up or compares in place.
@Injectable()
export class GapStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Records a gap. An open one keeps its time. */
  async open(accountId: number, cause: string): Promise<void> {
    await this.database.execute(
      'UPDATE accounts SET gap_number = gap_number + 1, gap_at = COALESCE(gap_at, ?), gap_cause = ? WHERE account_id = ?',
      [this.clock.nowMs(), cause.slice(0, MAX_CAUSE_LENGTH), accountId],
    );
  }

  /** Records that a run begins to read everything. */
  async beginRead(runId: string): Promise<void> {
    await this.database.execute(
      'UPDATE runs SET gap_number = (SELECT gap_number FROM accounts WHERE accounts.account_id = runs.account_id) WHERE run_id = ?',
      [runId],
    );
  }

  /** Closes the account's gaps from before the beginning of the run's read. Call it when everything that it read is stored. */
  async endRead(accountId: number, runId: string): Promise<void> {
    await this.database.execute(
      `UPDATE accounts SET gap_at = NULL, gap_cause = NULL
        WHERE account_id = ? AND gap_number = (SELECT gap_number FROM runs WHERE run_id = ?)`,
      [accountId, runId],
    );
  }

  /** Records that a reconciliation was started because of the gap. */
  async markStarted(accountId: number): Promise<void> {
    await this.database.execute('UPDATE accounts SET gap_run_at = ? WHERE account_id = ?', [this.clock.nowMs(), accountId]);
  }

  /** Returns the open gap of an account, or undefined. */
  async find(accountId: number): Promise<OpenGap | undefined> {
    return (await this.select('account_id = ?', [accountId, 1]))[0];
  }

  /** Lists active accounts, not paused now, with an open gap that has started no run since `beforeMs`. */
  async list(beforeMs: number, limit: number): Promise<OpenGap[]> {
    const condition = `gap_at > 0 AND gap_run_at <= ? AND status = 'active' AND paused_until <= ?`;
    return this.select(condition, [beforeMs, this.clock.nowMs(), limit]);
  }

  private async select(condition: string, params: readonly number[]): Promise<OpenGap[]> {
    const rows = await selectRows(this.database, {
      entity: AccountEntity,
      fields: ['accountId', 'gapAt', 'gapRunAt'],
      tail: `WHERE ${condition} AND gap_at IS NOT NULL ORDER BY gap_at LIMIT ?`,
      params,
    });
    return rows.flatMap(({ gapAt, ...gap }) => (gapAt === null ? [] : [{ ...gap, gapAt }]));
  }
}
