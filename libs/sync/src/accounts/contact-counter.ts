import { Injectable } from '@nestjs/common';
import { AccountStore, ContactFiguresStore } from '#database';
import { Logger } from '#domain';

/** Keeps the counts of contacts by outcome up to date. */
@Injectable()
export class ContactCounter {
  constructor(
    private readonly figures: ContactFiguresStore,
    private readonly accounts: AccountStore,
    private readonly logger: Logger,
  ) {}

  /** Counts again, in small steps, what has changed since the last count. A failure is logged: the census counts later. */
  async refresh(accountId: number): Promise<void> {
    try {
      await this.recount(accountId);
    } catch (error) {
      this.logger.warn('contacts not counted; will retry', { account_id: accountId, error });
    }
  }

  /** Counts all contacts of the account again, in small steps. Throws TransientError. */
  async countAll(accountId: number): Promise<void> {
    await this.figures.markAllStale(accountId);
    await this.recount(accountId);
    await this.saveSums(accountId);
  }

  private async recount(accountId: number): Promise<void> {
    let hasStale = true;
    while (hasStale) hasStale = await this.recountSome(accountId);
  }

  /** An account that was deleted meanwhile has nothing to count. */
  private async recountSome(accountId: number): Promise<boolean> {
    return (await this.accounts.find(accountId)) !== undefined && (await this.figures.recountSome(accountId));
  }

  private async saveSums(accountId: number): Promise<void> {
    if (await this.accounts.find(accountId)) await this.figures.saveSums(accountId);
  }
}
