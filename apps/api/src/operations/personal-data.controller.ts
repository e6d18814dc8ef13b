import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import type { SyncServices } from '#sync';
import { Audited } from '../audit/audited.js';
import { Audience } from '../guards/audience.js';
import { ApiResult } from '../http/envelope.js';
import { From, Id, Optional, Text } from '../http/fields.js';
import { SERVICES } from '../parts.js';

class PersonInput {
  @Text()
  email!: string;

  /** All accounts when it is left out. */
  @From('id')
  @Optional()
  @Id()
  account_id?: number;
}

/** What is kept about the owner of one address. */
@Controller('operations')
export class PersonalDataController {
  constructor(@Inject(SERVICES) private readonly services: Pick<SyncServices, 'personalData'>) {}

  @Get('export')
  @Audience('operator')
  @Audited('person.export', 'email')
  async read(@Query() { email, account_id }: PersonInput) {
    return { accounts: await this.services.personalData.export({ email, accountId: account_id }) };
  }

  /** The same, with the address out of the URL. */
  @Post('export')
  @HttpCode(200)
  @Audience('operator')
  @Audited('person.export', 'email')
  async export(@Body() input: PersonInput) {
    return this.read(input);
  }

  @Post('erase')
  @HttpCode(200)
  @Audience('operator')
  @Audited('person.erase', 'email')
  async erase(@Body() { email, account_id }: PersonInput) {
    const accounts = await this.services.personalData.erase({ email, accountId: account_id });
    return new ApiResult({ accounts }, { message: 'Erased here. A contact that Kommo still has comes back with its next change.' });
  }
}
