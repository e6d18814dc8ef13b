import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { AuthorisedAccount, InvalidInputError } from '#domain';
import { AccountApproval, AccountQueries } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { Account } from '../guards/account.decorator.js';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import type { AccountDetailsResponse } from './operations-responses.js';

/** Data for the operator's console and command line. */
@Controller('operations')
export class OperationsController {
  constructor(
    private readonly accounts: AccountQueries,
    private readonly approval: AccountApproval,
  ) {}

  @Get('accounts/:account_id')
  @Audience('operator')
  @Documented({
    summary: 'Shows an account with its pending work',
    data: 'AccountDetailsResponse',
    errors: ['not_found'],
    example: { path: { account_id: 32_000_001 } },
  })
  async account(@Account('account_id') { accountId }: AuthorisedAccount): Promise<AccountDetailsResponse> {
    const account = await this.accounts.find(accountId);
    if (account) return account;
    throw new InvalidInputError('Unknown account', {
      code: 'not_found',
      fields: [{ field: 'account_id', problem: 'is not a known account' }],
    });
  }

  /** Approves an account that was installed from Kommo, with `APPROVE_ACCOUNTS=1`. */
  @Post('accounts/:account_id/approve')
  @HttpCode(200)
  @Audience('operator')
  @Audited('account.approve')
  @Documented({
    summary: 'Approves an account that was installed from Kommo',
    data: 'AccountDetailsResponse',
    errors: ['account_unknown', 'not_found'],
    example: { path: { account_id: 32_000_001 } },
  })
  async approve(@Account('account_id') { accountId }: AuthorisedAccount): Promise<AccountDetailsResponse | undefined> {
    await this.approval.approve(accountId);
    return this.accounts.find(accountId);
  }
}
