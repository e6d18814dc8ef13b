import { Injectable } from '@nestjs/common';
import { Clock } from '#domain';
import { Database } from '../database.js';
import { AccountEntity } from '../entities/account.entity.js';
import { selectRows } from '../entity-sql.js';

/** Polls of accounts whose plan in Kommo has no webhooks. Times are epoch milliseconds. */
@Injectable()
export class PollStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Lists active accounts, not paused now, without webhooks, that were not polled since `beforeMs`. */
  async listDue(beforeMs: number, limit: number): Promise<number[]> {
    const rows = await selectRows(this.database, {
      entity: AccountEntity,
      fields: ['accountId'],
      tail: "WHERE webhook_state = 'unavailable' AND polled_at < ? AND status = 'active' AND paused_until <= ? ORDER BY polled_at LIMIT ?",
      params: [beforeMs, this.clock.nowMs(), limit],
    });
    return rows.map(({ accountId }) => accountId);
  }

  /** Records a poll that has read all changes up to `polledUntilSeconds`. */
  async record(accountId: number, { polledAt, polledUntilSeconds }: Pick<AccountEntity, 'polledAt' | 'polledUntilSeconds'>): Promise<void> {
    await this.database.run(({ manager }) => manager.update(AccountEntity, { accountId }, { polledAt, polledUntilSeconds }));
  }
}
