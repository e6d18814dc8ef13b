import { Body, Controller, Get, HttpCode, Inject, Post, Query, UseGuards } from '@nestjs/common';
import { InvalidInputError, parseAddress } from '#domain';
import type { SyncServices } from '#sync';
import { AccountAuthorisedGuard } from '../guards/account-authorised.guard.js';
import { Audited } from '../audit/audited.js';
import { Audience } from '../guards/audience.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { Flag, From, Id, Optional, Text, Unread } from '../http/fields.js';
import { SERVICES } from '../parts.js';

class FindQuery {
  @From('account_id')
  @Id()
  id!: number;

  @From('z')
  @Text()
  email!: string;
}

class ContactsBody {
  @From('account_id')
  @Id()
  id!: number;

  @From('email')
  @Unread()
  emails!: unknown;

  @Optional()
  @Flag()
  delete?: boolean;
}

/** A list, or one text of addresses separated by commas. Throws InvalidInputError that names every bad one. */
function readEmails(emails: unknown): string[] {
  const list: unknown[] = typeof emails === 'string' ? emails.split(',') : Array.isArray(emails) ? emails : [];
  if (list.length === 0) throw InvalidInputError.ofFields([{ field: 'emails', problem: 'must be a list of e-mail addresses' }]);
  const bad = list.flatMap((email, index) =>
    isAddress(email) ? [] : [{ field: `emails[${index}]`, problem: 'must be an e-mail address' }],
  );
  if (bad.length > 0) throw InvalidInputError.ofFields(bad);
  return list as string[];
}

const isAddress = (email: unknown) => typeof email === 'string' && parseAddress(email).invalidReason === null;

@Controller('unisender')
export class UnisenderContactsController {
  constructor(@Inject(SERVICES) private readonly services: Pick<SyncServices, 'unisenderContacts'>) {}

  @Get('contacts')
  @Audience('operator')
  @UseGuards(IntegrationConfiguredGuard, AccountAuthorisedGuard)
  async find(@Query() { id, email }: FindQuery) {
    const [address] = readEmails([email]);
    const contact = await this.services.unisenderContacts.find(id, address ?? email);
    return { found: contact !== undefined, contact: contact ?? null };
  }

  @Post('contacts')
  @HttpCode(200)
  @Audience('operator')
  @Audited('unisender.change', 'delete', 'emails')
  @UseGuards(IntegrationConfiguredGuard, AccountAuthorisedGuard)
  async change(@Body() body: ContactsBody) {
    const emails = readEmails(body.emails);
    const contacts = this.services.unisenderContacts;
    return body.delete ? contacts.remove(body.id, emails) : contacts.add(body.id, emails);
  }
}
