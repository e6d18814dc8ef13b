import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import type { AuthorisedAccount } from '#domain';
import { PersonLookup } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { count, number } from '../audit/audited-details.js';
import { OptionalAccount } from '../guards/account.decorator.js';
import { Documented } from '../docs/documented.decorator.js';
import { Audience, ChangesNothing } from '../guards/audience.decorator.js';
import { FindPersonDto, toPerson } from './dto/operations.dto.js';
import type { PersonResponse } from './operations-responses.js';
import { toEventView } from './operations.views.js';

/** Shows what is known about one person. Each look is in the audit log. */
@Controller('operations/person')
export class PersonController {
  constructor(private readonly people: PersonLookup) {}

  @Get()
  @Audience('operator')
  @Audited('person.show', { email: count, contact_id: number })
  @Documented({
    summary: 'Shows what is known about a person, by e-mail address or contact id',
    data: 'PersonResponse',
    example: { query: { email: 'ann@example.org' } },
  })
  async read(
    @OptionalAccount('account_id') account: AuthorisedAccount | undefined,
    @Query() query: FindPersonDto,
  ): Promise<PersonResponse> {
    const accounts = await this.people.find({ by: toPerson(query), accountId: account?.accountId });
    return { accounts: accounts.map(({ events, ...rest }) => ({ ...rest, events: events.map(toEventView) })) };
  }

  /** As GET, but the e-mail address is not in the URL. */
  @Post()
  @HttpCode(200)
  @Audience('operator')
  @ChangesNothing()
  @Audited('person.show', { email: count, contact_id: number })
  @Documented({
    summary: 'As GET, but the e-mail address is not in the URL',
    data: 'PersonResponse',
    example: { body: { email: 'ann@example.org' } },
  })
  async find(@OptionalAccount('account_id') account: AuthorisedAccount | undefined, @Body() input: FindPersonDto): Promise<PersonResponse> {
    return this.read(account, input);
  }
}
