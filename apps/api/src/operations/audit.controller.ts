import { Controller, Get, Query } from '@nestjs/common';
import type { AuthorisedAccount } from '#domain';
import { AuditLog } from '#sync';
import { OptionalAccount } from '../guards/account.decorator.js';
import { Documented } from '../docs/documented.decorator.js';
import { Audience } from '../guards/audience.decorator.js';
import { ListAuditDto } from './dto/operations.dto.js';
import type { AuditResponse } from './operations-responses.js';

/** Lists what operators, widget users and commands did, newest first. */
@Controller('operations/audit')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  @Get()
  @Audience('operator')
  @Documented({
    summary: 'Lists what operators, widget users and commands did, newest first',
    data: 'AuditResponse',
    example: { query: { limit: 20 } },
  })
  async list(
    @OptionalAccount('account_id') account: AuthorisedAccount | undefined,
    @Query() { before, limit }: ListAuditDto,
  ): Promise<AuditResponse> {
    const audit = await this.log.list({ accountId: account?.accountId, before, limit });
    return { audit, next_before: audit.length < limit ? null : (audit.at(-1)?.audit_id ?? null) };
  }
}
