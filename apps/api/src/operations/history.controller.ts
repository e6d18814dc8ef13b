import { Controller, Get, Query } from '@nestjs/common';
import { AuthorisedAccount, InvalidInputError } from '#domain';
import { AccountHistory } from '#sync';
import { Account, OptionalAccount } from '../guards/account.decorator.js';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { ListEventsDto, ListFailuresDto } from './dto/operations.dto.js';
import type { EventsResponse, FailuresResponse } from './operations-responses.js';
import { toEventView, toFailureView } from './operations.views.js';

/** Lists events and buried jobs. */
@Controller('operations')
export class HistoryController {
  constructor(private readonly history: AccountHistory) {}

  @Get('events')
  @Audience('operator')
  @Documented({
    summary: 'Lists the events of an account, newest first',
    data: 'EventsResponse',
    example: { query: { account_id: 32_000_001, limit: 20 } },
  })
  async events(@Account('account_id') { accountId }: AuthorisedAccount, @Query() query: ListEventsDto): Promise<EventsResponse> {
    const { contact_id: contactId, email, before, limit } = query;
    if (email === undefined) {
      const events = await this.history.listEvents(accountId, limit, { before, contactId });
      return { events: events.map(toEventView), next_before: events.length < limit ? null : (events.at(-1)?.eventId ?? null) };
    }
    if (contactId !== undefined) throw tooManyFilters();
    const { events, next } = await this.history.searchEvents(accountId, email, { before, limit });
    return { events: events.map(toEventView), next_before: next ?? null };
  }

  @Get('failures')
  @Audience('operator')
  @Documented({
    summary: 'Lists buried jobs with their reasons, newest first',
    data: 'FailuresResponse',
    example: { query: { limit: 20 } },
  })
  async failures(
    @OptionalAccount('account_id') account: AuthorisedAccount | undefined,
    @Query() { before, limit }: ListFailuresDto,
  ): Promise<FailuresResponse> {
    const { failures, next } = await this.history.readFailures(account?.accountId, { before, limit });
    return { failures: failures.map(toFailureView), next_before: next };
  }
}

const tooManyFilters = () => InvalidInputError.ofFields([{ field: 'email', problem: 'must not be given together with contact_id' }]);
