import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { AuthorisedAccount } from '#domain';
import { AccountQueries, SettingsChanges } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { flag } from '../audit/audited-details.js';
import { Account } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import type { AccountsResponse } from '../operations/operations-responses.js';
import { ListAccountsDto } from './dto/list-accounts.dto.js';
import { PreviewDto, type SettingsBody, toSettingsChange } from './dto/settings.dto.js';

@Controller('accounts')
export class AccountsController {
  constructor(
    private readonly accounts: AccountQueries,
    private readonly settings: SettingsChanges,
  ) {}

  @Get()
  @Audience('operator')
  async list(@Query() { integration_id, limit, after }: ListAccountsDto): Promise<AccountsResponse> {
    const accounts = await this.accounts.list({
      ...(integration_id === undefined ? {} : { integrationId: integration_id }),
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after }),
    });
    return { accounts };
  }

  @Get(':account_id/settings')
  @Audience('operator')
  async readSettings(@Account('account_id') { accountId }: AuthorisedAccount) {
    return this.settings.read(accountId);
  }

  @Patch(':account_id/settings')
  @Audience('operator')
  @Audited('account.settings', { preview: flag })
  async changeSettings(
    @Account('account_id') { accountId }: AuthorisedAccount,
    @Body() body: SettingsBody | undefined,
    @Query() { preview }: PreviewDto,
  ) {
    const change = toSettingsChange(body);
    return preview ? this.settings.preview(accountId, change) : this.settings.save(accountId, change);
  }
}
