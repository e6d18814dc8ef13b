import { Controller, Get, Query } from '@nestjs/common';
import { AccountQueries } from '#sync';
import { Audience } from '../guards/audience.decorator.js';
import { ListAccountsDto } from './dto/list-accounts.dto.js';

@Controller('accounts')
export class AccountsController {
  constructor(private readonly accounts: AccountQueries) {}

  @Get()
  @Audience('operator')
  async list(@Query() { integration_id, limit, after }: ListAccountsDto) {
    const accounts = await this.accounts.list({
      ...(integration_id === undefined ? {} : { integrationId: integration_id }),
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after }),
    });
    return { accounts };
  }
}
