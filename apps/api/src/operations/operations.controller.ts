import { Controller, Get, Param, Query } from '@nestjs/common';
import { InvalidInputError } from '#domain';
import { QueueClient } from '#queue';
import { AccountHistory, AccountQueries } from '#sync';
import { Audience } from '../guards/audience.decorator.js';
import { AccountParamsDto, ListEventsDto, ListFailuresDto } from './dto/operations.dto.js';
import { toEventView, toFailureView } from './operations.views.js';

/** Data for the operator's console and command line. */
@Controller('operations')
export class OperationsController {
  constructor(
    private readonly accounts: AccountQueries,
    private readonly history: AccountHistory,
    private readonly queue: QueueClient,
  ) {}

  @Get('accounts/:account_id')
  @Audience('operator')
  async account(@Param() { account_id }: AccountParamsDto) {
    const account = await this.accounts.find(account_id);
    if (account) return account;
    throw new InvalidInputError('Unknown account', {
      code: 'not_found',
      fields: [{ field: 'account_id', problem: 'is not a known account' }],
    });
  }

  @Get('events')
  @Audience('operator')
  async events(@Query() { account_id, limit }: ListEventsDto) {
    const events = await this.history.listEvents(account_id, limit);
    return { events: events.map(toEventView) };
  }

  @Get('failures')
  @Audience('operator')
  async failures(@Query() { account_id, limit }: ListFailuresDto) {
    const failures = await this.history.listFailures(account_id, limit);
    return { failures: failures.map(toFailureView) };
  }

  @Get('queues')
  @Audience('operator')
  async queues() {
    return { queues: await this.queue.listTubeStatistics() };
  }
}
