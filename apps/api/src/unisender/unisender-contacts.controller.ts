import { Body, Controller, Get, HttpCode, Post, Query, UseGuards } from '@nestjs/common';
import { AuthorisedAccount } from '#domain';
import { UnisenderContacts } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { count, flag } from '../audit/audited-details.js';
import { Documented } from '../docs/documented.decorator.js';
import { unisenderErrors } from '../docs/error-groups.js';
import { Account } from '../guards/account.decorator.js';
import { AccountAuthorisedGuard } from '../guards/account-authorised.guard.js';
import { Audience } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { LargeBody } from '../http/body-limits.js';
import { ChangeContactsDto, FindContactDto, parseEmails } from './dto/unisender-contacts.dto.js';

/** Finds, adds and deletes addresses in an account's Unisender list. */
@Controller('unisender')
@UseGuards(IntegrationConfiguredGuard, AccountAuthorisedGuard)
export class UnisenderContactsController {
  constructor(private readonly contacts: UnisenderContacts) {}

  @Get('contacts')
  @Audience('operator')
  @Documented({
    summary: 'Finds one address in Unisender',
    data: 'FoundContactResponse',
    errors: unisenderErrors,
    example: { query: { id: 32_000_001, email: 'ann@example.org' } },
  })
  async find(@Account('id') { accountId }: AuthorisedAccount, @Query() { email }: FindContactDto) {
    const contact = await this.contacts.find(accountId, email);
    return { found: contact !== undefined, contact: contact ?? null };
  }

  @Post('contacts')
  @HttpCode(200)
  @Audience('operator')
  @LargeBody()
  @Audited('unisender.change', { delete: flag, emails: count })
  @Documented({
    summary: 'Adds addresses to the list of the account, or deletes them',
    description:
      'At most 80,000 in a text and 20,000 in a list; calls to Unisender have 500. No reconciliation removes an address added here.',
    data: 'ChangedContactsResponse',
    errors: [...unisenderErrors, 'account_busy', 'account_paused', 'paused_by_operator'],
    example: { body: { id: 32_000_001, emails: ['ann@example.org'] } },
  })
  async change(@Account('id') { accountId }: AuthorisedAccount, @Body() body: ChangeContactsDto) {
    const emails = parseEmails(body.emails);
    const results = body.delete ? await this.contacts.remove(accountId, emails) : await this.contacts.add(accountId, emails);
    return { results };
  }
}
