import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { AuthorisedAccount, InvalidInputError } from '#domain';
import { QueueClient } from '#queue';
import { AccountApproval, AccountHistory, AccountQueries } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { Account, OptionalAccount } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { NewestDto } from './dto/operations.dto.js';
import { toEventView, toFailureView } from './operations.views.js';

/** Data for the operator's console and command line. */
@Controller('operations')
export class OperationsController {
  constructor(
    private readonly accounts: AccountQueries,
    private readonly history: AccountHistory,
    private readonly approval: AccountApproval,
    private readonly queue: QueueClient,
  ) {}

  @Get('accounts/:account_id')
  @Audience('operator')
  async account(@Account('account_id') { accountId }: AuthorisedAccount) {
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
  async approve(@Account('account_id') { accountId }: AuthorisedAccount) {
    await this.approval.approve(accountId);
    return this.accounts.find(accountId);
  }

  @Get('events')
  @Audience('operator')
  async events(@Account('account_id') { accountId }: AuthorisedAccount, @Query() { limit }: NewestDto) {
    const events = await this.history.listEvents(accountId, limit);
    return { events: events.map(toEventView) };
  }

  @Get('failures')
  @Audience('operator')
  async failures(@OptionalAccount('account_id') account: AuthorisedAccount | undefined, @Query() { limit }: NewestDto) {
    const failures = await this.history.listFailures(account?.accountId, limit);
    return { failures: failures.map(toFailureView) };
  }

  @Get('queues')
  @Audience('operator')
  async queues() {
    return { queues: await this.queue.listTubeStatistics() };
  }
}
