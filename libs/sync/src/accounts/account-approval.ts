import { Injectable } from '@nestjs/common';
import { AccountStore, Database } from '#database';
import { InvalidInputError, Logger } from '#domain';

/** Approves accounts that wait for the operator because of `APPROVE_ACCOUNTS`. */
@Injectable()
export class AccountApproval {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountStore,
    private readonly logger: Logger,
  ) {}

  /** Makes the account active. Safe to repeat. Throws InvalidInputError `not_found` for an unknown account. */
  async approve(accountId: number): Promise<void> {
    const isApproved = await this.database.transaction(async () => {
      const account = await this.accounts.findLocked(accountId);
      if (!account) throw new InvalidInputError('Unknown account', { code: 'not_found' });
      if (!account.awaitsApproval) return false;
      await this.accounts.update(accountId, { awaitsApproval: false });
      return this.accounts.setStatus(accountId, 'active');
    });
    if (isApproved) this.logger.info('account approved', { account_id: accountId });
  }
}
