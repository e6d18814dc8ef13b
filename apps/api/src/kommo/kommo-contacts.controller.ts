import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { AuthorisedAccount, type ContactSnapshot } from '#domain';
import { KommoContacts } from '#sync';
import { Documented } from '../docs/documented.decorator.js';
import { kommoErrors } from '../docs/error-groups.js';
import { AccountAuthorisedGuard } from '../guards/account-authorised.guard.js';
import { Account } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { KommoContactsDto } from './dto/kommo-contacts.dto.js';

/** Shows the contacts that an account has in Kommo. */
@Controller('kommo')
export class KommoContactsController {
  constructor(private readonly contacts: KommoContacts) {}

  @Get('contacts')
  @Audience('operator')
  @UseGuards(IntegrationConfiguredGuard, AccountAuthorisedGuard)
  @Documented({
    summary: 'Reads one page of the contacts of an account from Kommo',
    data: 'KommoContactsResponse',
    errors: kommoErrors,
    example: { query: { id: 32_000_001, page: 1, limit: 50 } },
  })
  async page(@Account('id') { accountId }: AuthorisedAccount, @Query() { page, limit }: KommoContactsDto) {
    const { contacts, hasNext } = await this.contacts.page(accountId, { page, limit });
    return { page, limit, has_next: hasNext, contacts: contacts.map(toView) };
  }
}

const toView = ({ contactId, name, emails, modifiedAtSeconds, tags, fields }: ContactSnapshot) => ({
  id: contactId,
  name,
  emails,
  updated_at: modifiedAtSeconds ?? null,
  tags,
  fields,
});
