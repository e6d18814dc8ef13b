import { Body, Controller, Get, HttpCode, Options, Post, Query, UseGuards } from '@nestjs/common';
import { AuthorisedAccount, Secret } from '#domain';
import { AddressViews, WidgetSettings, WidgetStatuses } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { Account } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { IntegrationConfiguredGuard } from '../guards/integration-configured.guard.js';
import { ApiResult, NoEnvelope } from '../http/envelope.js';
import { AfterDto } from '../operations/dto/operations.dto.js';
import { SaveWidgetDto } from './dto/widget.dto.js';

/** What the Kommo widget reads and saves. */
@Controller('widget')
export class WidgetController {
  constructor(
    private readonly settings: WidgetSettings,
    private readonly statuses: WidgetStatuses,
    private readonly addresses: AddressViews,
  ) {}

  @Post()
  @HttpCode(202)
  @Audience('widget')
  @Audited('account.configure')
  @UseGuards(IntegrationConfiguredGuard)
  async save(@Account('account_id') account: AuthorisedAccount, @Body() { unisender_key, settings }: SaveWidgetDto) {
    const unisenderKey = unisender_key === undefined ? undefined : Secret.of(unisender_key);
    const saved = await this.settings.saveKey({ account, unisenderKey, settings });
    return new ApiResult({ run_id: saved.run.run_id, ...saved }, { message: 'The key is saved; the import starts now' });
  }

  @Get('status')
  @Audience('widget')
  async status(@Account('account_id') account: AuthorisedAccount) {
    return this.statuses.read(account);
  }

  /** The addresses of the account that Unisender refuses or that are invalid. */
  @Get('failures')
  @Audience('widget')
  async failures(@Account('account_id') { accountId }: AuthorisedAccount, @Query() page: AfterDto) {
    return this.addresses.list(accountId, { ...page, state: 'failing' });
  }

  /** A browser's CORS preflight: it comes before the request that carries the token. */
  @Options()
  @HttpCode(204)
  @Audience('public')
  @NoEnvelope()
  preflight(): void {}

  @Options('status')
  @HttpCode(204)
  @Audience('public')
  @NoEnvelope()
  preflightStatus(): void {}

  @Options('failures')
  @HttpCode(204)
  @Audience('public')
  @NoEnvelope()
  preflightFailures(): void {}
}
