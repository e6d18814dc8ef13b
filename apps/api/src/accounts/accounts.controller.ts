import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { SyncServices } from '#sync';
import { Audience } from '../guards/audience.js';
import { Id, Optional, Text, Whole } from '../http/fields.js';
import { SERVICES } from '../parts.js';

const MAX_LIMIT = 1_000;

class AccountsQuery {
  @Optional()
  @Text()
  integration_id?: string;

  @Optional()
  @Whole(1, MAX_LIMIT)
  limit?: number;

  /** Go on behind this account. */
  @Optional()
  @Id()
  after?: number;
}

@Controller('accounts')
export class AccountsController {
  constructor(@Inject(SERVICES) private readonly services: Pick<SyncServices, 'accounts'>) {}

  @Get()
  @Audience('operator')
  async list(@Query() { integration_id, limit, after }: AccountsQuery) {
    const accounts = await this.services.accounts.list({
      ...(integration_id === undefined ? {} : { integrationId: integration_id }),
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after }),
    });
    return { accounts };
  }
}
