import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { InvalidInputError } from '#domain';
import type { SyncServices } from '#sync';
import { Audience } from '../guards/audience.js';
import { From, Id, Optional, Whole } from '../http/fields.js';
import { SERVICES, type Surroundings, SURROUNDINGS } from '../parts.js';
import { toEventView, toFailureView } from './operations.views.js';

const MAX_LIMIT = 1_000;

class AccountParams {
  @Id()
  account_id!: number;
}

class EventsQuery {
  @From('id')
  @Id()
  account_id!: number;

  @Optional()
  @Whole(1, MAX_LIMIT)
  limit?: number;
}

class FailuresQuery {
  @From('id')
  @Optional()
  @Id()
  account_id?: number;

  @Optional()
  @Whole(1, MAX_LIMIT)
  limit?: number;
}

/** What stands behind the console and the command line. */
@Controller('operations')
export class OperationsController {
  constructor(
    @Inject(SERVICES) private readonly services: Pick<SyncServices, 'accounts'>,
    @Inject(SURROUNDINGS) private readonly surroundings: Surroundings,
  ) {}

  @Get('accounts/:account_id')
  @Audience('operator')
  async account(@Param() { account_id }: AccountParams) {
    const account = await this.services.accounts.find(account_id);
    if (account) return account;
    throw new InvalidInputError('The account is not known.', {
      code: 'not_found',
      fields: [{ field: 'account_id', problem: 'is not a known account' }],
    });
  }

  @Get('events')
  @Audience('operator')
  async events(@Query() { account_id, limit }: EventsQuery) {
    const events = await this.services.accounts.events(account_id, limit);
    return { events: events.map(toEventView) };
  }

  @Get('failures')
  @Audience('operator')
  async failures(@Query() { account_id, limit }: FailuresQuery) {
    const failures = await this.services.accounts.failures(account_id, limit);
    return { failures: failures.map(toFailureView) };
  }

  @Get('queues')
  @Audience('operator')
  async queues() {
    return { queues: await this.surroundings.listQueues() };
  }
}
