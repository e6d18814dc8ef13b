import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import type { AuthorisedAccount } from '#domain';
import { PersonalData, type PersonLookupQuery } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { count, number } from '../audit/audited-details.js';
import { OptionalAccount } from '../guards/account.decorator.js';
import { Documented } from '../docs/documented.decorator.js';
import { unisenderErrors } from '../docs/error-groups.js';
import { Audience, ChangesNothing } from '../guards/audience.decorator.js';
import { ApiResult } from '../http/envelope.js';
import { FindPersonDto, PersonDto, toPerson } from './dto/operations.dto.js';
import type { EraseResponse, ExportResponse } from './operations-responses.js';

const ERASED =
  'Erased. An address that was not refused, and that a contact in Kommo still has, returns with its next change: delete the contact in Kommo';

/** Exports and erases the personal data that belongs to one e-mail address. */
@Controller('operations')
export class PersonalDataController {
  constructor(private readonly personalData: PersonalData) {}

  @Get('export')
  @Audience('operator')
  @Audited('person.export', { email: count })
  @Documented({
    summary: 'Exports everything that is stored about an e-mail address',
    data: 'ExportResponse',
    example: { query: { email: 'ann@example.org' } },
  })
  async read(
    @OptionalAccount('account_id') account: AuthorisedAccount | undefined,
    @Query() { email }: PersonDto,
  ): Promise<ExportResponse> {
    return { accounts: await this.personalData.export({ email, accountId: account?.accountId }) };
  }

  /** As GET, but the e-mail address is not in the URL. */
  @Post('export')
  @HttpCode(200)
  @Audience('operator')
  @ChangesNothing()
  @Audited('person.export', { email: count })
  @Documented({
    summary: 'As GET, but the e-mail address is not in the URL',
    data: 'ExportResponse',
    example: { body: { email: 'ann@example.org' } },
  })
  async export(@OptionalAccount('account_id') account: AuthorisedAccount | undefined, @Body() input: PersonDto): Promise<ExportResponse> {
    return this.read(account, input);
  }

  @Post('erase')
  @HttpCode(200)
  @Audience('operator')
  @Audited('person.erase', { email: count, contact_id: number })
  @Documented({
    summary: 'Erases the personal data of an e-mail address or a contact',
    description:
      'A refusal of mailings stays as a keyed hash. While a call without a response may still put the address in Unisender, that account ' +
      'is left as it is: `unisender_call_open`, with the time until then in the message and in Retry-After.',
    data: 'EraseResponse',
    errors: [...unisenderErrors, 'account_busy', 'unisender_call_open'],
    example: { body: { email: 'ann@example.org' } },
  })
  async erase(
    @OptionalAccount('account_id') account: AuthorisedAccount | undefined,
    @Body() input: FindPersonDto,
  ): Promise<ApiResult<EraseResponse>> {
    const accounts = await this.eraseFrom(account?.accountId, toPerson(input));
    return new ApiResult({ accounts }, { message: ERASED });
  }

  private async eraseFrom(accountId: number | undefined, person: PersonLookupQuery['by']) {
    return 'email' in person
      ? this.personalData.erase({ email: person.email, accountId })
      : this.personalData.eraseContact({ contactId: person.contactId, accountId });
  }
}
