import { Controller, Get, Inject, Query, UseGuards } from '@nestjs/common';
import type { ContactSnapshot } from '#domain';
import { KOMMO_PAGE_LIMIT } from '#kommo';
import type { SyncServices } from '#sync';
import { AccountAuthorisedGuard } from '../guards/account-authorised.guard.js';
import { Audience } from '../guards/audience.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { From, Id, Optional, Whole } from '../http/fields.js';
import { SERVICES } from '../parts.js';

const DEFAULT_LIMIT = 50;
const MAX_PAGE = 1_000_000;

class KommoContactsQuery {
  @From('account_id')
  @Id()
  id!: number;

  @Optional()
  @Whole(1, MAX_PAGE)
  page?: number;

  @Optional()
  @Whole(1, KOMMO_PAGE_LIMIT)
  limit?: number;
}

@Controller('kommo')
export class KommoContactsController {
  constructor(@Inject(SERVICES) private readonly services: Pick<SyncServices, 'kommoContacts'>) {}

  @Get('contacts')
  @Audience('operator')
  @UseGuards(IntegrationConfiguredGuard, AccountAuthorisedGuard)
  async page(@Query() { id, page = 1, limit = DEFAULT_LIMIT }: KommoContactsQuery) {
    const { contacts, hasNext } = await this.services.kommoContacts.page(id, { page, limit });
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
