import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { AuthorisedAccount } from '#domain';
import { AccountQueries, SettingsChanges } from '#sync';
import { Audited } from '../audit/audited.decorator.js';
import { flag } from '../audit/audited-details.js';
import { Documented } from '../docs/documented.decorator.js';
import { Account } from '../guards/account.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import type { AccountsResponse } from '../operations/operations-responses.js';
import { ListAccountsDto } from './dto/list-accounts.dto.js';
import { PreviewDto, type SettingsBody, toSettingsChange } from './dto/settings.dto.js';

const exampleAccount = { account_id: 32_000_001 };

@Controller('accounts')
export class AccountsController {
  constructor(
    private readonly accounts: AccountQueries,
    private readonly settings: SettingsChanges,
  ) {}

  @Get()
  @Audience('operator')
  @Documented({
    summary: 'Lists accounts in the order of their ids',
    data: 'AccountsResponse',
    example: { query: { limit: 20 } },
  })
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
  @Documented({
    summary: 'Shows the settings of an account',
    data: 'SettingsEffectResponse',
    errors: ['account_unknown'],
    example: { path: exampleAccount },
  })
  async readSettings(@Account('account_id') { accountId }: AuthorisedAccount) {
    return this.settings.read(accountId);
  }

  @Patch(':account_id/settings')
  @Audience('operator')
  @Audited('account.settings', { preview: flag })
  @Documented({
    summary: 'Changes settings and starts the run that applies them',
    description: 'Removals above the limit wait for a confirmation of that run. With `preview=1` nothing is saved.',
    data: 'SettingsEffectResponse',
    body: 'SettingsChange',
    errors: ['account_unknown', 'account_changed'],
    example: { path: exampleAccount, query: { preview: true }, body: { include_tags: ['customer'], delete_policy: 'exclude' } },
  })
  async changeSettings(
    @Account('account_id') { accountId }: AuthorisedAccount,
    @Body() body: SettingsBody | undefined,
    @Query() { preview }: PreviewDto,
  ) {
    const change = toSettingsChange(body);
    return preview ? this.settings.preview(accountId, change) : this.settings.save(accountId, change);
  }
}
