import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import type { AuthorisedAccount } from '#domain';
import { PersonalData } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { count } from '../audit/audited-details.js';
import { OptionalAccount } from '../guards/account.decorator.js';
import { Audience, ChangesNothing } from '../guards/audience.decorator.js';
import { ApiResult } from '../http/envelope.js';
import { PersonDto } from './dto/operations.dto.js';

/** Exports and erases the personal data that belongs to one e-mail address. */
@Controller('operations')
export class PersonalDataController {
  constructor(private readonly personalData: PersonalData) {}

  @Get('export')
  @Audience('operator')
  @Audited('person.export', { email: count })
  async read(@OptionalAccount('account_id') account: AuthorisedAccount | undefined, @Query() { email }: PersonDto) {
    return { accounts: await this.personalData.export({ email, accountId: account?.accountId }) };
  }

  /** As GET, but the e-mail address is not in the URL. */
  @Post('export')
  @HttpCode(200)
  @Audience('operator')
  @ChangesNothing()
  @Audited('person.export', { email: count })
  async export(@OptionalAccount('account_id') account: AuthorisedAccount | undefined, @Body() input: PersonDto) {
    return this.read(account, input);
  }

  @Post('erase')
  @HttpCode(200)
  @Audience('operator')
  @Audited('person.erase', { email: count })
  async erase(@OptionalAccount('account_id') account: AuthorisedAccount | undefined, @Body() { email }: PersonDto) {
    const accounts = await this.personalData.erase({ email, accountId: account?.accountId });
    return new ApiResult({ accounts }, { message: 'Erased; a contact that still exists in Kommo returns with its next change' });
  }
}
